-- Enough of everything that a restore has to bring back: roles, grants, extensions, two databases, per-database settings.
create role app_owner login password 'owner';
create role app_reader;
create role reporting login password 'reporting' in role app_reader;
create extension pg_trgm;
create extension hstore;
create table orders (
  id bigint generated always as identity primary key,
  customer text not null,
  amount numeric(10, 2) not null,
  tags hstore,
  placed_at timestamptz not null default now()
);
insert into orders (customer, amount, tags)
  select 'customer ' || n % 97, n * 1.25, hstore('n', n::text) from generate_series(1, 5000) as n;
create index orders_customer on orders using gin (customer gin_trgm_ops);
alter table orders owner to app_owner;
grant select on orders to app_reader;
alter database app set work_mem = '8MB';
create database analytics;
\connect analytics
create table visits as select n as id, now() - n * interval '1 minute' as at from generate_series(1, 1000) as n;
