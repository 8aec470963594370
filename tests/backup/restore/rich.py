"""A Postgres server with one of everything that a dump may lose, and a look at all of it."""

from __future__ import annotations

import re
from collections import Counter

from outlive.lab.ground.process import run
from tests.backup.postgres_copies import ODD, fill, libpq, quoted
from tests.world.postgres import PostgresServer
from tests.world.postgres_trees import binary

SHOP = r"""
create extension hstore; comment on extension hstore is 'ours';
create schema "Odd ""schema"; comment on schema "Odd ""schema" is 'a; b';
grant usage on schema "Odd ""schema" to reader with grant option;
create domain "Odd ""schema".positive as int check (value > 0);
create type mood as enum ('sad', 'o''k');
create table parted (id int generated always as identity, at date not null, m mood, h hstore) partition by range (at);
create table parted_1 partition of parted for values from ('2026-01-01') to ('2027-01-01');
insert into parted (at, m, h) select '2026-05-05', 'o''k', 'a=>1' from generate_series(1, 50);
comment on table parted is E'two\nlines \\ and a ''quote'''; comment on column parted.at is 'when';
create sequence tickets increment 5 cache 3 cycle maxvalue 900; select setval('tickets', 55);
create function twice(i int) returns int language plpgsql stable as $f$ begin return i * 2; end $f$;
revoke all on function twice(int) from public; grant execute on function twice(int) to app;
create view doubled as select id, twice(id) from parted; alter view doubled owner to app;
create materialized view many as select count(*) from parted;
create table notes (id serial primary key, note text collate "C", twice text generated always as (note || note) stored);
insert into notes (note) values ('ü'), (null), (E'tab\there');
alter table notes owner to app; alter table notes enable row level security;
create policy mine on notes for select to reader using (id > 1);
grant select (note), update (note) on notes to reader with grant option;
create function stamp() returns trigger language plpgsql as $f$ begin return new; end $f$;
create trigger stamping before insert on notes for each row execute function stamp();
create index odd on notes using gin (to_tsvector('simple', note));
create statistics st (dependencies) on id, note from notes;
alter default privileges for role app in schema public grant select on tables to reader;
select lo_from_bytea(5000, '\x00ff5c'); comment on large object 5000 is 'a large one';
alter large object 5000 owner to app; grant select on large object 5000 to reader;
"""
FOR_SUPERUSERS = """
create foreign data wrapper nothing; create server far foreign data wrapper nothing options (host '192.0.2.1');
create user mapping for app server far options (user 'x', password 'y');
create foreign table away (id int) server far; grant usage on foreign server far to app;
create publication out for all tables;
create function told() returns event_trigger language plpgsql as $f$ begin end $f$;
create event trigger telling on ddl_command_end execute function told();
"""
ROLES = f"""
create role chief superuser; create role boss createrole createdb; grant reader to boss with admin option;
alter role reader noinherit bypassrls replication; grant boss to app;
alter role app set work_mem = '5MB'; alter role app set search_path = app, "$user", public;
alter role app connection limit 7 valid until '2031-01-01 00:00:00+00'; comment on role app is 'the app';
comment on database {quoted(ODD)} is 'it''s odd'; alter database {quoted(ODD)} connection limit 9;
create database far encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0 tablespace side owner app
  connection limit 3 is_template true;
comment on database far is 'on another disk'; grant temporary on database far to reader;
set session authorization chief; grant reader to "o'neil; drop"; reset session authorization;
create database mine tablespace side; alter database mine set log_statement = 'mod';
alter database shop set log_statement = 'all'
"""


def fill_richly(server: PostgresServer, *, for_superusers: bool) -> None:
    """`fill`, and more; the server has the tablespace `side`. `for_superusers`: with what a managed server's login may not
    make."""
    fill(server)
    server.sql(ROLES)
    server.sql("create table far_away tablespace side as select 'äö' || i as word from generate_series(1, 20) i", "far")
    server.sql("create table mine as select 1 as id; alter table mine owner to app", libpq(ODD))
    server.sql(SHOP, "shop")
    if for_superusers:
        server.sql(FOR_SUPERUSERS, "shop")
        server.sql("create table here as select 1 as id")


def everything(server: PostgresServer, major: int) -> Counter[str]:
    """The server as SQL, by the eyes of that major's pg_dumpall: its lines as a set, for access lists have no order.
    Without tablespaces, and without unlogged rows (a physical copy has none)."""
    dump = [binary(major, "pg_dumpall"), "--no-tablespaces", "--no-unlogged-table-data", "-d", server.socket_dsn()]
    noise = re.compile(r"--|\\(un)?restrict |CREATE TABLESPACE |\s*$")
    lines = (line for line in run(dump, unprivileged=True).splitlines() if not noise.match(line))
    return Counter(lines)


def roles_and_rights(server: PostgresServer) -> list[str]:
    """Who is what and may what, by words that every major has; each list as a set."""
    return sorted(
        server.sql(
            "select rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,"
            " rolconnlimit, rolvaliduntil, rolpassword from pg_authid where oid > 16000;"
            "select roleid::regrole, member::regrole, admin_option from pg_auth_members where roleid > 16000;"
            "select datname, (select array_agg(one::text order by one::text) from unnest(datacl) one) from pg_database"
        ).splitlines()
    )
