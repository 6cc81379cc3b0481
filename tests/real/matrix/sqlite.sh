# SPDX-License-Identifier: MIT
# SQLite with a mapped database file; its contents must be the same.
NEEDS=sqlite3
VERIFY=1

run() {
	sqlite3 data.db '
	PRAGMA mmap_size = 100000000; PRAGMA journal_mode = WAL;
	CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
		INSERT INTO t SELECT i, printf("name %d", i * 7919 % 100003) FROM n;
	CREATE INDEX names ON t (name);
	DELETE FROM t WHERE id % 3 = 0;
	VACUUM;
	SELECT count(*), min(name), max(name), sum(id) FROM t;
	PRAGMA integrity_check;'
	sha256sum data.db
}
