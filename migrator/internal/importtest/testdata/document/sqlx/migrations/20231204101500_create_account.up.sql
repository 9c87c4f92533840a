CREATE TABLE shop.account (id bigint PRIMARY KEY, name varchar(50));
