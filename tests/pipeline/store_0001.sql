BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE counter (
	name VARCHAR NOT NULL, 
	value INTEGER NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "counter" VALUES('sequence',2);
CREATE TABLE exports (
	run_id VARCHAR NOT NULL, 
	sink VARCHAR NOT NULL, 
	status VARCHAR NOT NULL, 
	digest VARCHAR, 
	error VARCHAR, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (run_id, sink), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
CREATE TABLE feedback (
	number INTEGER NOT NULL, 
	feedback_id VARCHAR NOT NULL, 
	account_id VARCHAR NOT NULL, 
	list_row_id VARCHAR, 
	occurred_at DATETIME NOT NULL, 
	known_at DATETIME NOT NULL, 
	action VARCHAR NOT NULL, 
	outcome VARCHAR, 
	reason VARCHAR, 
	until DATETIME, 
	author VARCHAR, 
	PRIMARY KEY (number), 
	UNIQUE (feedback_id)
);
INSERT INTO "feedback" VALUES(1,'f1','a',NULL,'2026-01-31 05:00:00.000000','2026-01-31 05:00:00.000000','called',NULL,NULL,NULL,NULL);
CREATE TABLE list_rows (
	sequence INTEGER NOT NULL, 
	account_id VARCHAR NOT NULL, 
	section VARCHAR NOT NULL, 
	rank INTEGER, 
	manager_rank INTEGER, 
	name VARCHAR, 
	account_manager VARCHAR NOT NULL, 
	team VARCHAR, 
	probability DOUBLE, 
	band VARCHAR, 
	observed_rate DOUBLE, 
	observed_low DOUBLE, 
	observed_high DOUBLE, 
	value_at_stake DOUBLE, 
	expected_value DOUBLE, 
	reasons JSON NOT NULL, 
	play VARCHAR, 
	change VARCHAR, 
	previous_probability DOUBLE, 
	PRIMARY KEY (sequence, account_id), 
	FOREIGN KEY(sequence) REFERENCES runs (sequence)
);
INSERT INTO "list_rows" VALUES(1,'b','call',1,1,'Bo & Co','Ann',NULL,0.5,NULL,NULL,NULL,NULL,1000.0,500.0,'[{"family": "recency", "text": "no login for 40 days"}]',NULL,'new',NULL);
INSERT INTO "list_rows" VALUES(1,'a','call',2,1,NULL,'unassigned',NULL,0.25,NULL,NULL,NULL,NULL,400.0,100.0,'[]',NULL,'up 3',NULL);
INSERT INTO "list_rows" VALUES(1,'z','leaving',NULL,NULL,'Zed','Ann',NULL,NULL,NULL,NULL,NULL,NULL,90.0,NULL,'[]',NULL,'new',NULL);
INSERT INTO "list_rows" VALUES(2,'b','call',1,1,'Bo & Co','Ann',NULL,0.5,NULL,NULL,NULL,NULL,1000.0,500.0,'[{"family": "recency", "text": "no login for 40 days"}]',NULL,'new',NULL);
INSERT INTO "list_rows" VALUES(2,'a','call',2,1,NULL,'unassigned',NULL,0.25,NULL,NULL,NULL,NULL,400.0,100.0,'[]',NULL,'up 3',NULL);
INSERT INTO "list_rows" VALUES(2,'z','leaving',NULL,NULL,'Zed','Ann',NULL,NULL,NULL,NULL,NULL,NULL,90.0,NULL,'[]',NULL,'new',NULL);
CREATE TABLE publications (
	sequence INTEGER NOT NULL, 
	action VARCHAR NOT NULL, 
	target VARCHAR NOT NULL, 
	run_id VARCHAR NOT NULL, 
	replaced_run VARCHAR, 
	author VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (sequence), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id), 
	FOREIGN KEY(replaced_run) REFERENCES runs (run_id)
);
INSERT INTO "publications" VALUES(1,'publish','churn','churn-2026-01-31-baf69262a0',NULL,'run','2026-01-31 05:00:00.000000');
INSERT INTO "publications" VALUES(2,'publish','churn','churn-2026-02-01-4012f57899','churn-2026-01-31-baf69262a0','run','2026-02-01 05:00:00.000000');
CREATE TABLE published (
	target VARCHAR NOT NULL, 
	run_id VARCHAR NOT NULL, 
	as_of DATE NOT NULL, 
	sequence INTEGER NOT NULL, 
	PRIMARY KEY (target), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
INSERT INTO "published" VALUES('churn','churn-2026-02-01-4012f57899','2026-02-01',2);
CREATE TABLE runs (
	sequence INTEGER NOT NULL, 
	run_id VARCHAR NOT NULL, 
	as_of DATE NOT NULL, 
	target VARCHAR NOT NULL, 
	model_name VARCHAR NOT NULL, 
	model_version VARCHAR NOT NULL, 
	model_digest VARCHAR NOT NULL, 
	feature_digest VARCHAR NOT NULL, 
	settings_digest VARCHAR NOT NULL, 
	previous_run VARCHAR, 
	feedback_until INTEGER NOT NULL, 
	code_version VARCHAR NOT NULL, 
	currency VARCHAR NOT NULL, 
	counts JSON NOT NULL, 
	retrospective BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (sequence), 
	CONSTRAINT uq_runs_inputs UNIQUE (as_of, target, model_digest, feature_digest, settings_digest), 
	UNIQUE (run_id), 
	FOREIGN KEY(previous_run) REFERENCES runs (run_id)
);
INSERT INTO "runs" VALUES(1,'churn-2026-01-31-baf69262a0','2026-01-31','churn','keepgrow-churn','3','m1','f1','s1',NULL,0,'0.1.0','EUR','{"leaving": 1, "listed": 2, "scored": 3, "too_new": 0}',0,'2026-01-31 05:00:00.000000');
INSERT INTO "runs" VALUES(2,'churn-2026-02-01-4012f57899','2026-02-01','churn','keepgrow-churn','3','m1','f1','s1','churn-2026-01-31-baf69262a0',0,'0.1.0','EUR','{"leaving": 1, "listed": 2, "scored": 3, "too_new": 0}',0,'2026-02-01 05:00:00.000000');
CREATE TABLE scores (
	sequence INTEGER NOT NULL, 
	account_id VARCHAR NOT NULL, 
	section VARCHAR NOT NULL, 
	probability DOUBLE, 
	value_at_stake DOUBLE, 
	expected_value DOUBLE, 
	PRIMARY KEY (sequence, account_id), 
	FOREIGN KEY(sequence) REFERENCES runs (sequence)
)
 WITHOUT ROWID

;
INSERT INTO "scores" VALUES(1,'a','cohort',0.25,400.0,100.0);
INSERT INTO "scores" VALUES(1,'b','cohort',0.5,1000.0,500.0);
INSERT INTO "scores" VALUES(1,'c','cohort',0.0,10.0,0.0);
INSERT INTO "scores" VALUES(1,'z','leaving',NULL,90.0,NULL);
INSERT INTO "scores" VALUES(2,'a','cohort',0.25,400.0,100.0);
INSERT INTO "scores" VALUES(2,'b','cohort',0.5,1000.0,500.0);
INSERT INTO "scores" VALUES(2,'c','cohort',0.0,10.0,0.0);
INSERT INTO "scores" VALUES(2,'z','leaving',NULL,90.0,NULL);
CREATE INDEX ix_scores_account ON scores (account_id);
CREATE INDEX ix_feedback_account ON feedback (account_id);
COMMIT;
