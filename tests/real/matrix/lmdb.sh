# SPDX-License-Identifier: MIT
# LMDB: a store in one large shared map, filled, copied and dumped by its own tools.
NEEDS="mdb_load mdb_dump mdb_copy mdb_stat perl"
VERIFY=1

run() {
	mkdir store copy
	perl -e 'print "VERSION=3\nformat=print\ntype=btree\nmapsize=100000000\nHEADER=END\n";
		printf " key%05d\n value%d\n", $_, $_ * 31 for 1 .. 20000; print "DATA=END\n"' |
		mdb_load store && mdb_copy store copy && mdb_stat copy
	mdb_dump -p copy | sha256sum
	sha256sum copy/data.mdb
}
