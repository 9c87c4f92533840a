-- revision: 71c3fa2e90b8

DROP TABLE currency;
