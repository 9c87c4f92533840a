-- revision: 3ab86df1c795

DROP TABLE payment;
