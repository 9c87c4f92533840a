DROP TABLE shop.account;
