# SPDX-License-Identifier: MIT
# Perl: strings, hashes, sort, fork and a sum of what the children say.
NEEDS=perl
VERIFY=5

run() {
	perl -e '
	my %h; $h{$_} = "x" x ($_ % 3000) for 1 .. 20000;
	delete $h{$_} for grep { $_ % 2 } keys %h;
	my $sum = 0;
	for my $i (1 .. 8) {
		my $pid = open(my $child, "-|") // die;
		if (!$pid) { my @l = map { $_ * $i } 1 .. 50000; print scalar(@l) * $i; exit }
		$sum += <$child>;
	}
	wait; print join(",", (sort { $a <=> $b } keys %h)[0 .. 9]), " $sum\n"'
}
