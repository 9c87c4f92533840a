SET client_encoding = 'UTF8';

CREATE TABLE public.accounts (
    id bigint NOT NULL,
    name character varying
);

CREATE TABLE public.ar_internal_metadata (
    key character varying NOT NULL,
    value character varying
);

CREATE TABLE public.schema_migrations (
    version character varying NOT NULL
);

SET search_path TO "$user", public;

INSERT INTO "schema_migrations" (version) VALUES
('20231205101500'),
('20231204101500');
