SELECT id, name FROM account WHERE false;
