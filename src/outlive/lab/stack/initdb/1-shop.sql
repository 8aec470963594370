\set password `echo "$SHOP_PASSWORD"`
create role shop login password :'password';
create role reporting;
grant reporting to shop;
create table orders (
  id bigint generated always as identity primary key,
  customer text not null,
  cents int not null,
  placed_at timestamptz not null default now()
);
insert into orders (customer, cents, placed_at)
  select 'customer ' || n % 211, n * 7 % 9000, now() - n * interval '1 minute' from generate_series(1, 5000) as n;
create index orders_customer on orders (customer);
alter table orders owner to shop;
grant select on orders to reporting;
