# A public header as Doxygen wants to read it: what our comments say by where they
# stand, said in its commands. The headers themselves stay plain.
#
#   the first comment of a file             is the file's
#   a comment right before a declaration    is that declaration's, and those of the
#                                           declarations that follow without an empty line
#   a comment behind a member or constant   is its
#   /* ---- life ---- */                    heads a section
#   lines indented by more than a space     are code, or a table
#
# Names of ours become links. Macros that only our own use are left out, and so is what
# stands behind the others; but the lists of members and constants that are macros are
# written out where they are used.
#
# SPDX-License-Identifier: MIT

{ line[NR] = $0 }

END {
	for (n = 1; n <= NR; n++) {
		if (line[n] ~ /^\/\* clang-format /)
			print ""
		else if (line[n] ~ /^\/\* ---- /)
			section(line[n])
		else if (line[n] ~ /^\/\*/)
			n = comment(n)
		else if (line[n] ~ /^#define /)
			n = macro(n)
		else if (line[n] ~ /^\tMAIKO_[A-Z_]*\(/)
			list(line[n])
		else
			code(line[n])
	}
}

# The name that a line defines or uses as a macro.
function macro_name(s) {
	sub(/^(#define |\t)/, "", s)
	sub(/[^A-Za-z0-9_].*/, "", s)
	return s
}

# Whether a macro is one that only others of ours use.
function internal(name) {
	return name ~ /^(MAIKO_PP_|maiko_gen_)/ || name ~ /_$/ ||
	       name ~ /^MAIKO_(API|UNUSED|BEGIN_DECLS|END_DECLS)$/
}

function declares(s) {
	return s ~ /^((extern )?MAIKO_API|static inline|typedef|struct|enum|extern) / ||
	       (s ~ /^#define / && !internal(macro_name(s)))
}

# ---- comments ----------------------------------------------------------------------

# The comment that starts at line `first`; returns its last line.
function comment(first,   last, next_line, k) {
	count = 0
	for (last = first; ; last++) {
		text[count + 1] = stripped(line[last])
		if (text[count + 1] !~ /^SPDX-/ && (count > 0 || text[1] != ""))
			count++
		if (line[last] ~ /\*\/$/)
			break
	}
	while (text[count] == "")
		count--

	next_line = line[last + 1]
	if (next_line ~ /^\/\* clang-format /)
		next_line = line[last + 2]
	if (!file_seen) {
		file_seen = 1
		sub(/^[a-z]*\.h - /, "", text[1])
		if (sub(/^maiko - /, "", text[1]))
			document("@mainpage")
		document("@file")
		kept = ""
	} else if (declares(next_line))
		document("")
	else if (next_line == "" && text[1] ~ /^maiko_[a-z_]*\(/)
		document("@def " substr(text[1], 1, index(text[1], "(") - 1))
	else
		for (k = first; k <= last; k++)
			print ""
	return last
}

function stripped(s) {
	sub(/ *\*\/$/, "", s)
	sub(/^\/\* ?/, "", s)
	sub(/^ \* ?/, "", s)
	return s
}

# Writes the comment that is in `text`, and keeps it for declarations that follow.
function document(command,   k, open) {
	kept = "/** " command
	for (k = 1; k <= count; k++) {
		if (text[k] ~ /^  / && !open) {
			kept = kept "\n@verbatim"
			open = 1
		} else if (open && text[k] !~ /^  / && (text[k] != "" || text[k + 1] !~ /^  /)) {
			kept = kept "\n@endverbatim"
			open = 0
		}
		kept = kept "\n" (open ? quotes(substr(text[k], 3)) : " * " prose(titled(text[k])))
	}
	if (open)
		kept = kept "\n@endverbatim"
	kept = kept "\n */"
	print kept
}

# The comment once more, for a declaration right below another.
function again() {
	if (kept != "" && line[n - 1] !~ /\*\/$/)
		print kept
}

# "maiko_start - runs ...": the name is for a reader of the header.
function titled(s) {
	if (sub(/^maiko_[a-z_]* - /, "", s))
		s = toupper(substr(s, 1, 1)) substr(s, 2)
	return s
}

# Text in which Doxygen reads nothing that is not meant, with our names as links.
function prose(s,   out, before, quoted) {
	gsub(/\\/, "\\\\", s)
	gsub(/&/, "\\&amp;", s)
	gsub(/</, "\\&lt;", s)
	gsub(/>/, "\\&gt;", s)
	while (match(s, /`[^`]*`/)) {
		before = substr(s, 1, RSTART - 1)
		quoted = substr(s, RSTART + 1, RLENGTH - 2)
		s = substr(s, RSTART + RLENGTH)
		out = out linked(before) "<tt>" quoted "</tt>"
	}
	return quotes(out linked(s))
}

# Doxygen makes single quotes of double ones in a man page, which is other C: build.sh
# makes double ones of these.
function quotes(s) {
	gsub(/"/, "″", s)
	return s
}

function linked(s,   out, before, name) {
	while (match(s, /(maiko|MAIKO)_[A-Za-z0-9_]*/)) {
		before = RSTART == 1 ? "" : substr(s, RSTART - 1, 1)
		name = substr(s, RSTART, RLENGTH)
		out = out substr(s, 1, RSTART - 1) (before ~ /[A-Za-z0-9_".\/]/ || internal(name) ? "" : "#") name
		s = substr(s, RSTART + RLENGTH)
	}
	return out s
}

# ---- the rest --------------------------------------------------------------------------

function section(s) {
	close_section()
	sub(/^\/\* ---- /, "", s)
	sub(/ ----* *\*\/$/, "", s)
	if (in_declarations) {
		print "/** @name " toupper(substr(s, 1, 1)) substr(s, 2) " */ /** @{ */"
		in_section = 1
	} else
		print ""
}

function close_section() {
	if (in_section)
		print "/** @} */"
	in_section = 0
}

# The macro that starts at line `first`; returns its last line.
function macro(first,   name, last, k) {
	name = macro_name(line[first])
	for (last = first; line[last] ~ /\\$/; last++)
		body[name] = body[name] line[last + 1] "\n"
	head[name] = line[first]

	if (internal(name) || index(line[last + 1], "(" name ")"))
		print ""
	else {
		again()
		if (match(line[first], /^#define [A-Za-z0-9_]*\([^)]*\)/))
			print substr(line[first], RSTART, RLENGTH)
		else
			code(quotes(line[first]))
	}
	for (k = first + 1; k <= last; k++)
		print ""
	return last
}

# A use of a macro that is a list: of members, with their comments, or of rows
# XX(name, ..., "text") for a macro that makes a member or constant of each.
function list(use,   name, argument, rows, count, k) {
	name = macro_name(use)
	argument = use
	sub(/^[^(]*\(/, "", argument)
	sub(/\);?$/, "", argument)
	count = split(body[name], rows, "\n")
	for (k = 1; k < count; k++) {
		sub(/[ \t]*\\$/, "", rows[k])
		if (rows[k] ~ /^\tXX\(/)
			row(head[argument], rows[k])
		else {
			sub(/init_type/, argument, rows[k])
			code(rows[k])
		}
	}
}

# `definition` is  #define NAME(parameters) result ; the row's comment says what is made
# of it, or else the row's text.
function row(definition, s,   at, parameters, values, result, k, count) {
	at = index(definition, ")")
	result = substr(definition, at + 2)
	definition = substr(definition, 1, at - 1)
	sub(/^[^(]*\(/, "", definition)
	count = split(definition, parameters, ", ")

	sub(/^\tXX\(/, "", s)
	at = index(s, ", \"")
	split(substr(s, 1, at - 1), values, ", ")
	s = substr(s, at + 3)
	if (!sub(/^.*\/\* */, "", s))
		sub(/"\)$/, "", s)
	sub(/ *\*\/$/, "", s)

	for (k = 1; k < count; k++)
		result = replaced(result, parameters[k], values[k])
	gsub(/##/, "", result)
	print "\t" result " /**< " prose(s) " */"
}

function replaced(s, word, value,   out, found) {
	while (match(s, /[A-Za-z0-9_]+/)) {
		found = substr(s, RSTART, RLENGTH)
		out = out substr(s, 1, RSTART - 1) (found == word ? value : found)
		s = substr(s, RSTART + RLENGTH)
	}
	return out s
}

function code(s,   at) {
	if (s ~ /^MAIKO_BEGIN_DECLS/)
		in_declarations = 1
	if (s ~ /^MAIKO_END_DECLS/) {
		close_section()
		in_declarations = 0
	}
	if (s == "" || s ~ /^}/)
		kept = ""
	if (s ~ /^((extern )?MAIKO_API|static inline) /)
		again()
	if (s ~ /^[ \t]*(uint64_t|maiko_hook) reserved_\[[0-9]+\];?$/)
		s = ""

	at = index(s, "/*")
	if (at > 0 && substr(s, 1, at - 1) ~ /^[ \t]*$/)
		s = substr(s, 1, at - 1) "/**" prose(substr(s, at + 2))
	else if (at > 0 && s ~ /^[ \t#]/)
		s = substr(s, 1, at - 1) "/**<" prose(substr(s, at + 2))
	print s
}
