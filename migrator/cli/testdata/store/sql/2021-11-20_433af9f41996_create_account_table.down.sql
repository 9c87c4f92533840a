-- revision: 433af9f41996

DROP TABLE account;
