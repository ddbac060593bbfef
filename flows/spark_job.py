"""What spark-submit runs: the `keepgrow` command, inside the driver that spark-submit has started.

spark-submit --archives keepgrow-env.tar.gz#env .../flows/spark_job.py run --config keepgrow.toml
"""

from flows.cli import main

if __name__ == "__main__":
    main()
