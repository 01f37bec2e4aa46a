#!/usr/bin/perl
# prose.pl - what the documents say of files, commands, names and bounds is so. (docs.sh looks
# at their code and links.) Each finding is a line "page:line: what"; any finding fails the test.
#
# Looked at are inline code, blocks that are not of C, and words with our prefixes:
#
#   path        `src/core/lifecycle/stop.h`, `stop.h`: is in the tree, or what a build or an install makes
#   absence     "no `path`": is in neither
#   command     ./dev NAME: ./dev has it; what ./dev has, it lists, and the other way round
#   option      sysmon --seconds: the program's sources know it
#   identifier  maiko_..., MAIKO_...: a header declares it; mk_..., mt_...: the sources do
#   field       `.mailbox`: a struct of a header has it
#   package     what pkg-config, the linker, find_package, apt and --preset are given
#   CMake       a block of cmake stands in a project that tests/install configures or builds
#   bound       a number that stands in @facts is what the sources say, and each number of four
#               digits or more stands there
#
#   prose.pl [--root ROOT] [PAGE...]     default: all pages
#   prose.pl --check FILE                each line of FILE is wrong, and says as what: "TEXT ## FINDING"
#
# SPDX-License-Identifier: MIT
use strict;
use warnings;

my ($root, $check, @pages);
($root = $0) =~ s{/?[^/]*$}{};
$root = ($root eq '' ? '.' : $root) . '/../..';
while (@ARGV) {
	my $argument = shift @ARGV;
	if ($argument eq '--root') { $root = shift @ARGV }
	elsif ($argument eq '--check') { $check = shift @ARGV }
	else { push @pages, $argument }
}
chdir $root or die "$root: $!\n";

# ---- the tree ------------------------------------------------------------------------------

my (%file, %named, %folder); # by path; by the last part of it; folders

sub walk {
	my ($dir) = @_;
	opendir my $handle, $dir eq '' ? '.' : $dir or return;
	for my $entry (sort readdir $handle) {
		next if $entry =~ /^\./ && $entry ne '.github' || $dir eq '' && $entry eq 'build';
		my $path = $dir eq '' ? $entry : "$dir/$entry";
		if (-d $path) { $folder{$path} = 1; push @{ $named{$entry} }, $path; walk($path) }
		else { $file{$path} = 1; push @{ $named{$entry} }, $path }
	}
	closedir $handle;
}
walk('');

sub content {
	my $all = '';
	for my $path (@_) {
		open my $handle, '<', $path or die "$path: $!\n";
		local $/;
		my $text = <$handle>;
		$all .= $text . "\n";
	}
	return $all;
}

sub matching { my ($regex) = @_; return grep { /$regex/ } sort keys %file }

sub without_comments {
	my ($text) = @_;
	$text =~ s{/\*.*?\*/}{ }gs;
	return $text;
}

my $headers = without_comments(content(matching(qr{^include/maiko/.*\.h$})));
my $sources = content(matching(qr{^(src|include|examples|tests|bench|docs|models|cmake)/.*\.(c|h|hh|sh|py|txt|cmake|in|map|pml)$}),
	'CMakeLists.txt', 'CMakePresets.json', 'dev');
my %word = map { $_ => 1 } $headers =~ /\w+/g;
# What an X-list makes: XX(EAGAIN, ...) and MAIKO_##NAME.
my @listed = $headers =~ /\bXX\((\w+)/g;
for my $prefix ($headers =~ /\b(MAIKO_\w*)##/g) { $word{"$prefix$_"} = 1 for @listed }
my %any_word = map { $_ => 1 } $sources =~ /\w+/g;
my $cmake = content(matching(qr{(^|/)CMakeLists\.txt$|^cmake/}));
$word{$_} = 1 for $cmake =~ /^\s*function\((maiko_\w+)/mg;
my $dev = content('dev');
my $maps = content(matching(qr{^src/.*\.map$}));
my @modules = content('src/modules.cmake') =~ /^maiko_module\((\w+)/mg;

# ---- what is made of it ----------------------------------------------------------------------

my %library = map { $_ => 1 } 'maiko', map { "maiko-$_" } @modules;
my %pc = %library;
my %target = map { ("maiko::$_" => 1) } 'maiko', 'static', map { ($_, "${_}_static") } @modules;
my ($soversion) = content('include/maiko/version.h') =~ /MAIKO_VERSION_TEXT "(0\.\d+|\d+)/;
my %package = map { $_ => 1 } "libmaiko$soversion", 'libmaiko-dev', map { "libmaiko-$_$soversion" } @modules;
my %preset = map { $_ => 1 } content('CMakePresets.json') =~ /"name": "([\w-]+)"/g;

# By its last part: what an install has.
sub is_installed {
	my ($name) = @_;
	return 1 if $name =~ /^([\w-]+)\.pc$/ && $pc{$1};
	return 1 if $name =~ /^lib([\w-]+)\.(a|so(\.\d+)*)$/ && $library{$1};
	return $name =~ /^maiko-(config|config-version|targets)\.cmake$/;
}

# What a program of the tree writes, or ./dev makes: its sources have the name in quotes, or
# ./dev has the path.
sub is_made {
	my ($path) = @_;
	(my $name = $path) =~ s{.*/}{};
	return 1 if $path =~ m{^build/} && $dev =~ /\Q$path\E\b/;
	return $path !~ m{/} && $sources =~ /["'\/]\Q$name\E["']/;
}

sub matches {
	my ($pattern, @paths) = @_;
	my $regex = join '[^/]*', map { quotemeta } split /\*/, $pattern, -1;
	return grep { m{(^|/)$regex$} } @paths;
}

# Whether there is a file or folder of that name, as a page says it: from the root, from the page's
# folder, from a folder of sources, or by its last parts alone.
sub exists_path {
	my ($path, $page) = @_;
	$path =~ s{^\./}{};
	$path =~ s{/$}{};
	(my $beside = $page) =~ s{[^/]*$}{};
	return 1 if -e $path || -e "$beside$path";
	return 1 if $path =~ m{/} ? matches($path, keys %file, keys %folder) : matches($path, keys %named);
	(my $name = $path) =~ s{.*/}{};
	return is_installed($name) || is_made($path);
}

# ---- programs and their options ------------------------------------------------------------------

# By name, or as a command of ./dev: where its options stand.
my %program = (
	sysmon => [matching(qr{^examples/sysmon/.*\.c$})],
	stress => [matching(qr{^tests/stress/.*\.[ch]$})],
	explore => [matching(qr{^tests/sim/(explore_main|scenario.*)\.c$})],
	bench => ['bench/run.py', 'dev'],
	'check.sh' => ['bench/budget/check.sh'],
	dev => ['dev'],
);

sub has_option {
	my ($program, $option) = @_;
	my $text = content(@{ $program{$program} });
	return $text =~ /\Q$option\E(?![\w-])/;
}

# ---- ./dev itself --------------------------------------------------------------------------------

my %command = map { $_ => 1 } $dev =~ /^cmd_(\w+)\(\)/mg;
$command{help} = 1;

sub check_dev {
	my ($usage) = $dev =~ /usage\(\) \{(.*?)^\}/ms;
	my %listed = map { $_ => 1 } $usage =~ m{\./dev (\w+)}g;
	for my $name (sort keys %command) {
		next if $name eq 'help';
		print "dev:1: does not list its command $name\n" unless $listed{$name};
	}
	for my $name (sort keys %listed) {
		print "dev:1: lists $name, which it does not have\n" unless $command{$name};
	}
}

# ---- bounds ----------------------------------------------------------------------------------------

# Page, text with {} for the number, and where the number is: a constant, which may be divided, or
# FILE:REGEX.
my @facts = (
	['ARCHITECTURE.md', 'its allowance ({})', 'MAIKO_ALLOWANCE'],
	['ARCHITECTURE.md', "channel's capacity ({} by default)", 'src/core/api/supervisor.c:channel, (\d+)'],
	['ARCHITECTURE.md', 'its credit ({})', 'src/core/api/supervisor.c:external_credit, (\d+)'],
	['ARCHITECTURE.md', 'may be filled up to {} above its capacity', 'MK_CYCLE_BOUND'],
	['docs/from-erlang.md', 'the bound is {} in one supervisor', 'MAIKO_ACTORS_MAX'],
	['docs/from-rust-maiko.md', 'the default is {}, there 128', 'src/core/api/supervisor.c:mailbox, (\d+)'],
	['docs/from-rust-maiko.md', '`.max_events_per_tick`, default {}', 'src/core/api/supervisor.c:max_events_per_tick, (\d+)'],
	['docs/from-rust-maiko.md', 'up to a deadline of {} seconds', 'MAIKO_STOP_DEADLINE_MS / 1000'],
	['docs/from-rust-maiko.md', "the harness's limit, {} s", 'MAIKO_HARNESS_TIMEOUT_MS / 1000'],
	['docs/stopping.md', 'At the deadline ({} seconds', 'MAIKO_STOP_DEADLINE_MS / 1000'],
	['docs/stopping.md', 'names the last {} failures', 'MAIKO_FAILURES_KEPT'],
	['docs/tick.md', '`.max_events_per_tick` events, {} by default', 'src/core/api/supervisor.c:max_events_per_tick, (\d+)'],
	['docs/supervision.md', 'The maximum is {}: with', 'src/core/lifecycle/actor.c:retries > (\d+)'],
	['docs/threads.md', 'used up its credit ({} events', 'src/core/api/supervisor.c:external_credit, (\d+)'],
	['docs/topics-and-overflow.md', 'A mailbox holds {} events', 'src/core/api/supervisor.c:mailbox, (\d+)'],
	['docs/topics-and-overflow.md', 'may send {} events more', 'MAIKO_ALLOWANCE'],
	['docs/topics-and-overflow.md', 'A struct up to {} MiB', 'MAIKO_EVENT_SIZE_MAX / 1048576'],
	['docs/topics-and-overflow.md', 'up to {} events above the capacity', 'MK_CYCLE_BOUND'],
);

# Numbers that are no bounds of ours: figures that were measured, and what the others have.
my %figures = map { $_ => 1 } qw(docs/performance.md bench/README.md bench/peers/README.md);

sub number {
	my ($where) = @_;
	return number($1) / $2 if $where =~ m{^(\w+) / (\d+)$};
	my $text;
	if ($where =~ /^(\S+\.[ch]):(.*)$/) { ($text) = content($1) =~ /$2/ }
	else { ($text) = "$headers\n$sources" =~ /(?:#define $where |\b$where = )([^\n,}]*)/ }
	return undef unless defined $text;
	return $1 << $2 if $text =~ /\(?(\d+)u? << (\d+)\)?/;
	return $text =~ /(\d+)/ ? $1 : undef;
}

sub with_commas { my ($n) = @_; 1 while $n =~ s/^(\d+)(\d{3})/$1,$2/; return $n }
sub one_line { my ($text) = @_; $text =~ s/\s+/ /g; return $text }

sub check_facts {
	my ($page, $text) = @_;
	my $line = one_line($text);
	for my $fact (grep { $_->[0] eq $page } @facts) {
		my ($before, $after) = split /\{\}/, $fact->[1], -1;
		my $number = number($fact->[2]);
		print "$page:1: where is $fact->[2]?\n" unless defined $number;
		my $right = $before . with_commas($number // '?') . $after;
		next if index($line, $right) >= 0;
		print "$page:1: should say \"$right\" ($fact->[2])\n";
	}
	return if $figures{$page};
	my $stated = join '|', map { my $text = quotemeta $_->[1]; $text =~ s/\\\{\\\}/[\\d,]+/; $text }
		grep { $_->[0] eq $page } @facts;
	$line =~ s/$stated//g if $stated ne '';
	while ($line =~ /(?<![\w,#.])(\d{1,3}(?:,\d{3})+)(?![\w,])/g) {
		next if known_number($page, $1);
		print "$page:1: the number $1 needs a line in \@facts of prose.pl\n";
	}
}

# Said of the tests, or of what others have.
sub known_number {
	my ($page, $number) = @_;
	return "$page $number" eq 'docs/from-erlang.md 10,000';
}

# ---- one piece of text --------------------------------------------------------------------------------

my @findings;
sub find { push @findings, join '', @_ }

sub check_identifiers {
	my ($text) = @_;
	while ($text =~ /(?:(?<=-D)|(?<![\w:.\/-]))((?:maiko|mk|mt)_[a-z0-9_]*|(?:MAIKO|MK|MT)_[A-Z0-9_]*)(\.\.\.|\*|…)?/g) {
		my ($name, $open) = ($1, defined $2);
		$open ||= $name =~ /_$/;
		my $ours = $name =~ /^(mk|mt|MK|MT)_/;
		my $set = $ours ? \%any_word : \%word;
		next if $open ? grep { index($_, $name) == 0 } keys %$set : $set->{$name};
		next if $name =~ /_noun_verb$/;
		# Options of the build, variables of the environment, versions of symbols.
		next if $name =~ /^MAIKO_/ && $maps =~ /\b$name\b/;
		next if $name =~ /^MAIKO_/ && ($cmake =~ /\b$name\b/ || $sources =~ /\$\{?$name\b|getenv\("$name"\)/);
		find("nothing declares $name");
	}
}

my $own = ''; # the code of the page: it may have fields of its own

sub check_fields {
	my ($span) = @_;
	return unless $span =~ /^\.([a-z][a-z0-9_]*)\b(?!\()(?: = .*| =.*)?$/s;
	my $name = $1;
	return if $name eq 'field' || $name =~ /^[ch]$/; # any field; a file's suffix
	return if $own =~ /\.\Q$name\E\b/;
	find("no struct of a header has the field .$name") unless $headers =~ /[\s*(]\Q$name\E(\[[^\]]*\])?\s*[;,)]/;
}

sub looks_like_path {
	my ($span) = @_;
	return 0 unless $span =~ m{^[\w.*][\w./*+-]*$};
	return 0 if $span =~ m{^[A-Z_]+(/|$)} && $span !~ /\./;  # OUT_DIR/..., a placeholder
	return 0 if $span =~ m{^[A-Z]\d*/};                      # W1/one, a variant of a benchmark
	return 1 if $span =~ m{[a-z]/};
	return $span =~ /^[\w*-]+\.(c|h|sh|pl|py|md|txt|json|pc|map|cmake|in|svg|a|so|pml|patch)$/;
}

sub check_path {
	my ($span, $page, $before) = @_;
	return unless looks_like_path($span);
	my $there = exists_path($span, $page);
	if ($before =~ /\b(no|without|neither|nor)\s+(an?\s+)?$/i) {
		find("says that there is no $span, but there is") if $there;
	} elsif (!$there) {
		find("there is no $span");
	}
}

# Words of a command, as a shell would have them, more or less.
sub check_command {
	my ($text) = @_;
	while ($text =~ m{(?<![\w/])\./dev\b(?:[ \t]+([a-z]\w*))?}g) {
		find("./dev has no command $1") if defined $1 && !$command{$1};
	}
	for my $part (split /[|;&]+|\$\(|\)/, $text) {
		check_tool($_) for $part =~ /(?:^|\s)((?:pkg-config|apt(?:-get)?|cmake|ctest)\s.*)/;
		my ($program) = $part =~ m{^\s*(?:\S*/)?(sysmon|stress|explore|check\.sh)(?=\s|$)};
		($program) = $part =~ m{^\s*\./dev\s+(\w+)} unless defined $program;
		next unless defined $program;
		my $known = $program{$program} ? $program : 'dev';
		for my $option ($part =~ /(?<=\s)(--[a-z][\w-]*)/g) {
			find("$program has no option $option") unless has_option($known, $option);
		}
	}
	find("there is no library $_ to link") for grep { /^maiko/ && !$library{$_} } $text =~ /(?:^|\s)-l([\w-]+)/g;
	find("there is no CMake target $_") for grep { !$target{$_} } $text =~ /\bmaiko::\w+/g;
	find("there is no CMake package $_") for grep { /maiko/ && $_ ne 'maiko' } $text =~ /find_package\(([\w-]+)/g;
	find("nothing is called $_") for grep { !$package{$_} && !$library{ substr $_, 3 } && !is_installed($_) }
		$text =~ /(?<![\w\/.-])(libmaiko[\w-]*(?:\.\w+)*)/g;
}

sub check_tool {
	my ($text) = @_;
	my ($tool, @words) = split ' ', $text;
	for my $word (grep { !/^[-.\/"]/ } @words) {
		find("pkg-config knows no $word") if $tool eq 'pkg-config' && !$pc{$word};
		find("neither ./dev nor a package of ours names $word")
			if $tool =~ /^apt/ && $word ne 'install' && !$package{$word} && $dev !~ /(?<![\w-])\Q$word\E(?![\w-])/;
	}
	find("there is no preset $_") for grep { !$preset{$_} } $text =~ /--preset[ =]([\w-]+)/g;
}

# An option alone: of some program of ours.
sub check_option {
	my ($span) = @_;
	for my $option ($span =~ /^\s*(--[a-z][\w-]*)/) {
		find("no program of ours has the option $option") unless grep { has_option($_, $option) } keys %program;
	}
}

# ---- a page ------------------------------------------------------------------------------------------

my %external = map { $_ => 1 } ('crate', 'Erlang/OTP', 'by hand'); # a table's first column, if headed so

sub line_of { my ($text, $at) = @_; return 1 + (substr($text, 0, $at) =~ tr/\n//) }

sub report {
	my ($page, $line) = @_;
	print "$page:$line: $_\n" for @findings;
	my @found = @findings;
	@findings = ();
	return @found;
}

# Takes away the first cell of each row of a table that tells what others have. Lengths stay.
sub blank_external {
	my ($text) = @_;
	my $inside = 0;
	my @lines = split /\n/, $text, -1;
	for (@lines) {
		$inside = $external{$1} ? 1 : 0 if /^\| ?([^|]*?) ?\|/ && !$inside;
		$inside = 0 unless /^\|/;
		s/^\|((?:[^|\\]|\\.)*)\|/'|' . ' ' x length($1) . '|'/e if $inside;
	}
	return join "\n", @lines;
}

my @projects = (matching(qr{^tests/install/.*CMakeLists\.txt$}), 'src/modules.cmake');

sub check_cmake_block {
	my ($block) = @_;
	my $clean = sub { my ($text) = @_; $text =~ s/^[ \t]+|[ \t]+$//mg; return $text };
	my $wanted = $clean->($block);
	find("neither a project of tests/install nor src/modules.cmake has this block") unless grep { index($clean->(content($_)), $wanted) >= 0 } @projects;
}

sub check_block {
	my ($language, $block) = @_;
	return if $language =~ /^(c|rust)$/;
	check_cmake_block($block) if $language eq 'cmake';
	check_identifiers($block);
	check_command($_) for split /\n/, $block;
}

sub check_span {
	my ($span, $page, $before) = @_;
	check_path($span, $page, $before);
	check_fields($span);
	check_command($span);
	check_option($span);
}

sub check_page {
	my ($page) = @_;
	my $text = blank_external(content($page));
	check_facts($page, $text);
	$own = join "\n", $text =~ /^```c\n(.*?)^```/msg;
	while ($text =~ /^[ \t]*```(\w*)\n(.*?)^[ \t]*```/msg) {
		my ($at, $language, $block) = ($-[0], $1, $2);
		check_block($language, $block);
		report($page, line_of($text, $at));
		substr($text, $at, $+[0] - $at) =~ s/[^\n]/ /g;
	}
	check_text($page, $text);
}

# Without blocks.
sub check_text {
	my ($page, $text) = @_;
	while ($text =~ /`([^`]+)`/g) {
		my ($at, $span) = ($-[0], one_line($1));
		my $before = one_line(substr $text, $at > 40 ? $at - 40 : 0, $at > 40 ? 40 : $at);
		check_span($span, $page, $before);
		report($page, line_of($text, $at));
	}
	my $number = 0;
	for my $line (split /\n/, $text) {
		$number++;
		check_identifiers($line);
		report($page, $number);
	}
}

# ---- the folders of the core ----------------------------------------------------------------------------

# The table of ARCHITECTURE.md names each file of src/core where it lies.
sub check_folders {
	my ($table) = content('ARCHITECTURE.md') =~ /^\| folder [^\n]*\n\|---.*?\n(.*?)\n\n/ms or die "no table of folders\n";
	my %said;
	for my $line (split /\n/, $table) {
		my ($folder, $files) = $line =~ /^\|\s*`(\w+)`\s*\|([^|]*)\|/;
		$said{"$folder/$1"} = 1 while $files =~ /`(\w+)`/g;
	}
	for my $name (sort keys %said) {
		print "ARCHITECTURE.md:1: there is no $name\n" unless $file{"src/core/$name.h"} || $file{"src/core/$name.c"};
	}
	for my $path (matching(qr{^src/core/\w+/\w+\.[ch]$})) {
		my ($name) = $path =~ m{(\w+/\w+)\.[ch]$};
		print "ARCHITECTURE.md:1: does not say what $name is\n" unless $said{$name};
	}
}

# ---- that it can fail -------------------------------------------------------------------------------------

# Each line alone, as a page beside docs/README.md.
sub check_that_it_finds {
	my ($path) = @_;
	my ($number, $failed) = (0, 0);
	for my $line (split /\n/, content($path)) {
		$number++;
		my ($text, $expected) = $line =~ /^(.*?)\s*## (.*)$/ or next;
		$text =~ s/\\n/\n/g;
		@findings = ();
		if ($text =~ /^```(\w*)\n(.*?)```/s) { check_block($1, $2) }
		else { check_identifiers($text); while ($text =~ /(.*?)`([^`]+)`/g) { check_span($2, 'docs/x.md', $1) } }
		my $found = join '; ', @findings;
		next if $found eq $expected;
		print "$path:$number: finds \"$found\", not \"$expected\"\n";
		$failed = 1;
	}
	die "$path: nothing to find\n" if $number == 0;
	return $failed;
}

exit check_that_it_finds($check) if defined $check;

@pages = grep { $file{$_} } (matching(qr{^[A-Z]+\.md$}), matching(qr{^(docs|bench|bench/peers)/[\w-]+\.md$})) unless @pages;
my $out = '';
{
	open my $capture, '>', \$out or die;
	my $before = select $capture;
	check_dev();
	check_folders();
	check_page($_) for @pages;
	select $before;
}
print $out;
exit($out ne '');
