-- revision: e5d9207bc46f

DROP TABLE invoice;
