CREATE TABLE account (id bigint PRIMARY KEY, name varchar(50));
GRANT SELECT ON account TO {{.app_role}}, {{.report_role}};

---- create above / drop below ----

DROP TABLE account;
