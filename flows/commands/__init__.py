"""The commands of `keepgrow`, a module per occasion. Anything heavy is imported inside the command that needs it."""
