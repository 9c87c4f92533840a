DROP INDEX account_name;
