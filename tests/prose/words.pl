#!/usr/bin/perl
# words.pl - comments, documents and names use standard words: none of those in words.txt.
# Each finding is a line "file:line: "word": use the other one"; any finding fails the test.
#
#   words.pl [--root ROOT] [FILE...]     default: src include tests examples bench docs models, dev and *.md
#   words.pl --check FILE                each line of FILE names its findings: "TEXT ## WORD; WORD"
#
# CHANGELOG.md may contain old names.
#
# SPDX-License-Identifier: MIT
use strict;
use warnings;
use File::Find;

my ($root, $check, @files) = ($0 =~ m{^(.*)/[^/]*$} ? "$1/../.." : '../..');
while (@ARGV) {
	my $argument = shift @ARGV;
	if ($argument eq '--root') { $root = shift @ARGV }
	elsif ($argument eq '--check') { $check = shift @ARGV }
	else { push @files, $argument }
}
chdir $root or die "$root: $!\n";

my @words; # [regular expression, what to use instead]
open my $list, '<', 'tests/prose/words.txt' or die "tests/prose/words.txt: $!\n";
while (<$list>) {
	next if /^#|^\s*$/;
	my ($word, $instead) = /^(.*?) -> (.*)$/ or die "tests/prose/words.txt:$.: not \"WORD -> WORD\"\n";
	push @words, [$word, $instead];
}
close $list;
my $all = join '|', map { $_->[0] } @words;
my $any = qr/(?<![a-z])(?:$all)(?![a-z])/;

# [word, what to use instead] for each that a text has.
sub findings {
	my $text = lc $_[0];
	return () unless $text =~ /$any/; # one match for nearly all lines
	my @found;
	for my $word (@words) {
		push @found, [$1, $word->[1]] while $text =~ /(?<![a-z])($word->[0])(?![a-z])/g;
	}
	return @found;
}

sub lines_of {
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	chomp(my @lines = <$file>);
	return @lines;
}

if (defined $check) {
	my ($number, $failed) = (0, 0);
	for my $line (lines_of($check)) {
		$number++;
		my ($text, $expected) = $line =~ /^(.*?)\s*##\s?(.*)$/ or next;
		my $found = join '; ', map { $_->[0] } findings($text);
		next if $found eq $expected;
		print "$check:$number: finds \"$found\", not \"$expected\"\n";
		$failed = 1;
	}
	die "$check: nothing to find\n" if $number == 0;
	exit $failed;
}

my $own = qr{^tests/prose/(words\.txt|words_wrong\.md)$};
if (!@files) {
	find({ no_chdir => 1, wanted => sub { push @files, $_ if /\.(c|h|hh|cpp|pl|py|sh|pml|md)$/ && -f } },
		grep { -d } qw(src include tests examples bench docs models));
	push @files, 'dev', grep { $_ ne 'CHANGELOG.md' } glob '*.md';
}

my $failed = 0;
for my $path (sort grep { $_ !~ $own } @files) {
	my $number = 0;
	for my $line (lines_of($path)) {
		$number++;
		for my $found (findings($line)) {
			print "$path:$number: \"$found->[0]\": use $found->[1]\n";
			$failed = 1;
		}
	}
}
exit $failed;
