#!/usr/bin/perl
# The inner walls of the source: who may include and call whom (ARCHITECTURE.md, "Who may call whom").
#
#   structure.pl ROOT [OBJECTS]     OBJECTS: the folder of libmaiko's objects, as src/core lies in it
#
# Each finding is a line "file:1: what"; any finding fails the test.
#
# SPDX-License-Identifier: MIT
use strict;
use warnings;

my ($root, $objects) = @ARGV;
defined $root or die "structure.pl ROOT [OBJECTS]\n";
chdir $root or die "$root: $!\n";

# The folders of src/core, lowest first: a file includes and calls its own folder and lower ones.
my @folders = qw(base ds event runtime registry observe routing sched lifecycle sim api);
my %level = map { $folders[$_] => $_ } 0 .. $#folders;

# What calls upwards: the table of src/core/runtime/upcalls.h, which the top folder fills in.
my %upward = (mk_up => 1);

# Files of one folder that call each other, because they are the two ends of one protocol. No others do.
my @together = (
	[qw(routing/attached_events routing/backpressure routing/cycle routing/external routing/overflow routing/receipt routing/router routing/shared)],
	[qw(sched/end sched/fd_watch sched/handles sched/hold sched/tick)],
	[qw(lifecycle/batch lifecycle/migrate lifecycle/topology)],
	[qw(lifecycle/stop_deadline lifecycle/stop_steps)],
	[qw(lifecycle/start lifecycle/stop)],
	[qw(lifecycle/group_steps lifecycle/restart)],
);

# The libraries beside the core, and which private headers each may include: its own folder's, and of these.
my %private = ('src/testing' => ['src/core', 'src/observe'], 'src/observe' => ['src/core']);

my $findings = 0;

sub finding {
	my ($file, $what) = @_;
	print "$file:1: $what\n";
	$findings++;
}

sub folder_of { $_[0] =~ m{^(\w+)/} ? $1 : '' }

sub slurp {
	my ($path) = @_;
	open my $in, '<', $path or die "$path: $!\n";
	local $/;
	return scalar <$in>;
}

# ---- includes ---------------------------------------------------------------------------------------------

my %includes;

for my $path (glob 'src/core/*.[ch] src/core/*/*.[ch]') {
	my ($file) = $path =~ m{^src/core/(.*)};
	my $folder = folder_of($file);
	exists $level{$folder} or finding($path, "is in no folder of tests/structure.pl"), next;
	for my $name (slurp($path) =~ /^#\s*include\s+"([^"]+)"/mg) {
		my $to = folder_of($name);
		if (!-f "src/core/$name") { finding($path, "includes $name, which is not in src/core") }
		elsif ($level{$to} > $level{$folder}) { finding($path, "includes upwards: $name") }
		push @{$includes{$file}}, $name;
	}
}

for my $library (grep { !m{^src/core$} } grep { -d } glob 'src/*') {
	my @files = split /\n/, `find $library -name '*.[ch]'`;
	my @allowed = @{$private{$library} || []};
	for my $path (@files) {
		my ($here) = $path =~ m{^(.*)/};
		for my $name (slurp($path) =~ /^#\s*include\s+"([^"]+)"/mg) {
			next if -f "$here/$name" || -f "$library/$name" || grep { -f "$_/$name" } @allowed;
			finding($path, "includes $name: a module includes public headers, and its own");
		}
	}
}

# ---- circles ----------------------------------------------------------------------------------------------

# The groups of nodes of a graph of which each reaches each other (Tarjan, "Depth-first search and linear graph
# algorithms", 1972).
sub circles {
	my ($graph) = @_;
	my (%index, %low, @stack, %on, @found);
	my $visit;
	$visit = sub {
		my ($node) = @_;
		$index{$node} = $low{$node} = keys %index;
		push @stack, $node;
		$on{$node} = 1;
		for my $next (@{$graph->{$node} || []}) {
			if (!exists $index{$next}) {
				$visit->($next);
				$low{$node} = $low{$next} if $low{$next} < $low{$node};
			} elsif ($on{$next}) {
				$low{$node} = $index{$next} if $index{$next} < $low{$node};
			}
		}
		return if $low{$node} != $index{$node};
		my @group;
		do { push @group, pop @stack; $on{$group[-1]} = 0 } while $group[-1] ne $node;
		push @found, [sort @group] if @group > 1;
	};
	exists $index{$_} or $visit->($_) for sort keys %$graph;
	return @found;
}

finding("src/core/$_->[0]", "is in a circle of includes: @$_") for circles(\%includes);

# ---- calls -----------------------------------------------------------------------------------------------------

if (defined $objects) {
	my (%defined_in, %needs, %calls);
	for my $object (glob "$objects/*/*.o") {
		my ($file) = $object =~ m{(\w+/\w+)\.c\.o$};
		next if !-f "src/core/$file.c"; # of a file that has gone
		for my $line (split /\n/, `nm '$object'`) {
			my ($kind, $symbol) = $line =~ /([A-Za-z]) (\S+)$/ or next;
			if ($kind eq 'U') { push @{$needs{$file}}, $symbol }
			elsif ($kind =~ /[TDBRVWC]/) { $defined_in{$symbol} = $file }
		}
	}
	%needs or die "no objects in $objects\n";
	for my $file (sort keys %needs) {
		for my $symbol (@{$needs{$file}}) {
			my $to = $defined_in{$symbol};
			next if !defined $to || $to eq $file || $upward{$symbol};
			push @{$calls{$file}}, $to;
			next if $level{folder_of($to)} <= $level{folder_of($file)};
			finding("src/core/$file.c", "calls upwards: $symbol of $to.c");
		}
	}
	for my $circle (circles(\%calls)) {
		my %allowed = map { join(' ', @$_) => 1 } @together;
		finding("src/core/$circle->[0].c", "is in a circle of calls: @$circle") if !$allowed{join ' ', @$circle};
	}
}

# ---- what is not needed -------------------------------------------------------------------------------------------

my %text = map { $_ => slurp($_) } split /\n/, `git ls-files 'src/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' | xargs ls 2>/dev/null`;
my %words = map { my %seen; @seen{$text{$_} =~ /\b[A-Za-z_]\w+\b/g} = (); $_ => \%seen } keys %text;

# What a header declares: types, macros, enumerators, functions, variables.
sub declared {
	my ($header) = @_;
	my $text = $text{$header};
	$text =~ s{/\*.*?\*/}{}gs;
	my %names;
	@names{$text =~ /^#\s*define\s+(\w+)/mg} = ();
	@names{$text =~ /\b(?:struct|enum|union)\s+(\w+)/g} = ();
	@names{$text =~ /^\}\s*(\w+);/mg} = ();
	@names{$text =~ /^typedef[^{}]*?(\w+)\)?(?:\([^;]*\))?;/mg} = ();
	@names{$text =~ /^[^\n#].*?\b(\w+)\(/mg} = ();
	@names{$text =~ /^extern[^;]*?(\w+);/mg} = ();
	while ($text =~ /\benum\b[^{;]*\{([^}]*)\}/g) {
		my $list = $1;
		@names{$list =~ /\b([A-Z]\w+)\b/g} = ();
	}
	return \%names;
}

my %declares = map { $_ => declared($_) } grep { m{^src/.*\.h$} } keys %text;

# It stands for the structs that it is split into.
for my $part (qw(actor topic worker)) {
	my $names = $declares{"src/core/runtime/${part}_state.h"} or next;
	@{$declares{'src/core/runtime/runtime.h'}}{keys %$names} = ();
}

# Where "name" lies for a file that includes it.
sub header_of {
	my ($from, $name) = @_;
	my ($here) = $from =~ m{^(.*)/};
	for my $path ("src/core/$name", "$here/$name", "src/observe/$name", "src/testing/$name") {
		return $path if exists $text{$path};
	}
	return undef;
}

for my $path (sort grep { m{^src/} } keys %text) {
	my ($own) = $path =~ m{(\w+)\.c$};
	for my $name ($text{$path} =~ /^#\s*include\s+"([^"]+)"/mg) {
		my $header = header_of($path, $name) or next;
		next if $name eq 'base/base.h' || (defined $own && $name =~ m{(^|/)\Q$own\E\.h$}); # the former brings the C library
		finding($path, "includes $name, of which it uses nothing") if !grep { exists $words{$path}{$_} } keys %{$declares{$header}};
	}
}

for my $header (sort keys %declares) {
	my ($base) = $header =~ m{^(.*)\.h$};
	my $body = $text{$header};
	$body =~ s{/\*.*?\*/}{}gs;
	for my $name ($body =~ /^(?!static|typedef|#|\s|extern)[^\n]*?\b(m[kto]_\w+)\([^{]*?\);/mg) {
		next if grep { $_ ne $header && $_ ne "$base.c" && exists $words{$_}{$name} } keys %words;
		next if (() = $body =~ /\b$name\b/g) > 1; # by what is inline there
		finding($header, "declares $name, which no other file uses");
	}
}

# ---- public headers -----------------------------------------------------------------------------------------------

# What a public header declares is defined in a file of its name (chain.h: chain.c, chain_print.c), or in one of these.
my %also = (
	actor => [qw(core/api/add core/registry/failure)],
	ask => [qw(core/routing/send_external)],
	ctx => [qw(core/api/change core/sched/handles)],
	group => [qw(core/api/change)],
	event => [qw(core/registry/registry core/registry/schema core/registry/named)],
	lifecycle => [qw(core/routing/watch core/routing/resend)],
	receipt => [qw(core/routing/send_external)],
	send => [qw(core/api/ctx core/event/event core/event/print core/routing/inject)],
	supervisor => [qw(core/api/add core/api/change core/api/run_main core/base/memory core/base/arena)],
	topic => [qw(core/registry/registry)],
	version => [qw(core/base/error)],
);

my %where;
for my $path (grep { m{^src/.*\.c$} } keys %text) {
	$where{$_} = $path for $text{$path} =~ /^\w[^\n;]*?\b(maiko_\w+)\([^;{]*?\)\s*\n?\{/mg;
}

for my $header (split /\n/, `find include/maiko -name '*.h'`) {
	my ($name) = $header =~ m{(\w+)\.h$};
	my $body = slurp($header);
	$body =~ s{/\*.*?\*/}{}gs;
	for my $function ($body =~ /^MAIKO_API[^;]*?\b(maiko_\w+)\(/mg) {
		my $path = $where{$function} or next; # a variable
		my ($file, $base) = $path =~ m{^src/(.*?(\w+))\.c$};
		next if $base eq $name || $base =~ /^\Q$name\E_/ || $path =~ m{/\Q$name\E/} || grep { $_ eq $file } @{$also{$name} || []};
		finding($header, "declares $function, which is defined in $path");
	}
}

exit($findings != 0);
