\set password `echo "$JOBS_PASSWORD"`
create role jobs login password :'password';
create table runs (id bigint generated always as identity primary key, job text not null, ran_at timestamptz not null default now());
alter table runs owner to jobs;
