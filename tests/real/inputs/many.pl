# SPDX-License-Identifier: MIT
my %h; $h{$_} = "x" x ($_ % 3000) for 1 .. 20000;
delete $h{$_} for grep { $_ % 2 } keys %h;
my $big = "y" x 50_000_000; substr($big, 5, 1) = "z";
print scalar(keys %h), " ", length($big), "\n";
