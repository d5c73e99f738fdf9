-- The parts around the minter: vault, receipts, pools, delegates, reserve, converter, halt. Conventions as in 0001.
-- All of it is derived; an index that followed fewer contracts starts anew (`Store::follow`).

-- ---------------------------------------------------------------- vault
CREATE TABLE vault_holders (
  account BLOB PRIMARY KEY, shares BLOB NOT NULL, lst_in BLOB NOT NULL, lst_out BLOB NOT NULL, coins_claimed BLOB NOT NULL,
  first_at INTEGER NOT NULL
) STRICT;
CREATE TABLE vault_moves (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, account BLOB NOT NULL,
  lst BLOB NOT NULL, shares BLOB NOT NULL, coins BLOB NOT NULL, lst_after BLOB NOT NULL, shares_after BLOB NOT NULL,
  PRIMARY KEY (block, log_index)
) STRICT;
CREATE TABLE vault_requests (
  controller BLOB NOT NULL, id INTEGER NOT NULL, shares BLOB NOT NULL, lst_back BLOB NOT NULL, requested_at INTEGER NOT NULL,
  block INTEGER NOT NULL, tx_hash BLOB NOT NULL, PRIMARY KEY (controller, id)
) STRICT;

-- ---------------------------------------------------------------- receipts
ALTER TABLE requests ADD COLUMN receipt BLOB;
CREATE TABLE receipts (
  id BLOB PRIMARY KEY, request BLOB NOT NULL, owner BLOB NOT NULL, state TEXT NOT NULL, paid BLOB NOT NULL, next BLOB,
  minted_at INTEGER NOT NULL, block INTEGER NOT NULL, tx_hash BLOB NOT NULL
) STRICT;
CREATE INDEX receipts_by_owner ON receipts (owner, id);
CREATE TABLE auto_pay (account BLOB PRIMARY KEY, is_on INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;

-- ---------------------------------------------------------------- pools
CREATE TABLE pools (
  route BLOB NOT NULL, pool BLOB NOT NULL, style TEXT NOT NULL, fee_bps INTEGER NOT NULL, changed_at INTEGER NOT NULL,
  PRIMARY KEY (route, pool)
) STRICT;
CREATE TABLE pool_sales (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, pool BLOB NOT NULL, account BLOB NOT NULL,
  recipient BLOB NOT NULL, lst BLOB NOT NULL, coins BLOB NOT NULL, PRIMARY KEY (block, log_index)
) STRICT;

-- ---------------------------------------------------------------- power
CREATE TABLE scheduled (
  operation BLOB PRIMARY KEY, at INTEGER NOT NULL, cancelled INTEGER NOT NULL, data BLOB NOT NULL, block INTEGER NOT NULL
) STRICT;
CREATE TABLE delegates (
  account BLOB PRIMARY KEY, delegate BLOB, active_from INTEGER, kept BLOB NOT NULL, closed INTEGER NOT NULL, proposed BLOB,
  proposed_at INTEGER
) STRICT;
CREATE TABLE emergencies (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, what TEXT NOT NULL, target BLOB NOT NULL,
  signer BLOB NOT NULL, done INTEGER NOT NULL, until INTEGER, PRIMARY KEY (block, log_index)
) STRICT;

-- ---------------------------------------------------------------- reserve and converter
CREATE TABLE reserve_moves (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, account BLOB, amount BLOB NOT NULL,
  held BLOB NOT NULL, PRIMARY KEY (block, log_index)
) STRICT;
CREATE TABLE conversions (
  token BLOB PRIMARY KEY, floor BLOB NOT NULL, per_sale BLOB NOT NULL, per_day BLOB NOT NULL, received BLOB NOT NULL,
  sold BLOB NOT NULL, coins BLOB NOT NULL, changed_at INTEGER NOT NULL
) STRICT;
CREATE TABLE conversion_sales (
  block INTEGER NOT NULL, log_index INTEGER NOT NULL, at INTEGER NOT NULL, token BLOB NOT NULL, buyer BLOB NOT NULL,
  amount BLOB NOT NULL, coins BLOB NOT NULL, price BLOB NOT NULL, PRIMARY KEY (block, log_index)
) STRICT;
