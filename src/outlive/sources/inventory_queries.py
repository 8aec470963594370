"""The questions of the inventory. They name nothing that needs more than CONNECT; Postgres 14 to 18."""

# Row security would hide rows and make a wrong count look exact: it makes the query fail instead.
CAREFUL = (
    "SET statement_timeout = '120s'; SET lock_timeout = '5s'; SET row_security = off; "
    "SET default_transaction_read_only = on"
)
UNHURRIED = "SET statement_timeout = 0; SET default_transaction_read_only = on"

DATABASES = """
SELECT d.datname AS name, pg_encoding_to_char(d.encoding) AS encoding, d.datcollate AS collate, d.datctype AS ctype,
       to_jsonb(d) ->> 'datlocprovider' AS provider,
       coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale,
       t.spcname AS tablespace, pg_get_userbyid(d.datdba) AS owner, d.datistemplate AS template,
       d.datconnlimit AS connection_limit, shobj_description(d.oid, 'pg_database') AS comment,
       d.datallowconn AS allows_connections, d.datallowconn AND has_database_privilege(d.oid, 'CONNECT') AS open,
       CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) END AS bytes,
       (SELECT jsonb_agg(jsonb_build_array(CASE WHEN grantee <> 0 THEN pg_get_userbyid(grantee) END,
                                           privilege_type, is_grantable))
          FROM aclexplode(d.datacl)) AS acl
FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname <> 'template0' ORDER BY d.datname
"""

SETTINGS = """
SELECT d.datname AS database, CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END AS role,
       split_part(one, '=', 1) AS name, substr(one, strpos(one, '=') + 1) AS value
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) one ORDER BY 1, 2, 3
"""

# What a throwaway server must have besides the data directory; and whether the files that say so are inside of it.
# Who may not see a setting gets no row for it.
SERVER = """
SELECT jsonb_object_agg(name, setting) FILTER (WHERE name NOT IN ('config_file', 'data_directory')) AS needs,
       coalesce(bool_or(name = 'config_file') AND NOT starts_with(
           max(setting) FILTER (WHERE name = 'config_file'), max(setting) FILTER (WHERE name = 'data_directory')
       ), false) AS config_outside
FROM pg_settings WHERE name IN ('shared_preload_libraries', 'max_prepared_transactions', 'max_locks_per_transaction',
                                'max_connections', 'config_file', 'data_directory')
"""

# Asking for a size waits for whoever holds the table (a migration, VACUUM FULL); the planner's pages are there without.
SIZE = "pg_table_size(c.oid)"
SIZE_KNOWN = "c.relpages::bigint * current_setting('block_size')::bigint"
TABLES = """
SELECT n.nspname AS schema, c.relname AS name, {size} AS bytes,
       CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS estimate,
       coalesce(s.n_tup_ins + s.n_tup_del, 0) AS changed, c.relpersistence = 'u' AS unlogged,
       has_table_privilege(c.oid, 'SELECT') AS readable
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
ORDER BY 1, 2
"""

EXTENSIONS = "SELECT extname AS name, extversion AS version FROM pg_extension ORDER BY 1"

ROLES = """
SELECT r.rolname AS name, r.rolsuper AS superuser, r.rolcanlogin AS login,
       ARRAY(SELECT pg_get_userbyid(m.roleid)::text FROM pg_auth_members m WHERE m.member = r.oid ORDER BY 1) AS member_of
FROM pg_roles r WHERE r.rolname NOT LIKE 'pg\\_%' ORDER BY 1
"""

# The collation version that the database was made with, and the one its server has now: when they part, text indexes may
# be silently wrong (research: backup.md section 4, row 25). 14 keeps it for single collations only.
COLLATION = """
SELECT datcollversion AS recorded, pg_database_collation_actual_version(oid) AS actual
FROM pg_database WHERE datname = current_database()
"""
COLLATION_14 = """
SELECT version AS recorded, version AS actual
FROM (SELECT max(pg_collation_actual_version(c.oid)) AS version FROM pg_collation c JOIN pg_database d
      ON d.datname = current_database() AND c.collcollate = d.datcollate AND c.collprovider = 'c') of_libc
"""
