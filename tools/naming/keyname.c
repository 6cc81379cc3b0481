/* SPDX-License-Identifier: MIT */
/*
 * Gives a C++ function the same name however it was compiled. A symbol is called
 * "Pool<std::__cxx11::basic_string<char> >::grow" or "main::{lambda(int)#2}::operator()". Where the
 * same function is inlined, the debug information spells types differently and does not number
 * lambdas: "Pool<basic_string<char> >::grow", "main()::<lambda(int)>::operator()". Both are reduced
 * to "Pool::grow" and "main::{lambda}::operator()". Names in C contain none of this and stay the
 * same, but for those that generators write: cgo's have a hash of the file ("_cgo_08668c49b557_Cfunc_grow"), and
 * Cython's number functions ("__pyx_pf_5store_2grow"). Used for keys only; people see the full name.
 */
#include "naming/keyname.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HASH_LEAST 8u /* digits of a hash; cgo's have 12 */

/* Returns the position after the bracket that closes the one at `at`, or NULL. */
static const char *behind(const char *at)
{
	int depth = 0;

	for (; *at; at++) {
		if (*at == '>' && at[-1] == '-')
			continue; /* this is no bracket but "->" */
		if (strchr("<({[", *at))
			depth++;
		else if (strchr(">)}]", *at) && --depth == 0)
			return at + 1;
	}
	return NULL;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

/* Returns the length of an operator's symbol, as in "operator<<" or "operator()"; 0: it is none. */
static size_t operator_length(const char *at)
{
	static const char *const symbols[] = { "()", "[]", "<=>", "<<=", ">>=", "<<", ">>",
					       "<=", ">=", "->*", "->",  "<",   ">" };

	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		size_t n = strlen(symbols[i]);

		if (!strncmp(at, symbols[i], n))
			return n;
	}
	return 0;
}

/* Does [start, end), the text kept so far, end with the word "operator"? */
static bool ends_with_operator(const char *start, const char *end)
{
	static const char word[] = "operator";
	const size_t n = sizeof(word) - 1;
	size_t length = (size_t)(end - start);

	return length >= n && !memcmp(end - n, word, n) && (length == n || !is_word(end[-9]));
}

static bool begins(const char *at, const char *text)
{
	return !strncmp(at, text, strlen(text));
}

/*
 * Returns what replaces the bracket at `at`, "" for nothing; NULL: it stays. before: the last
 * character kept.
 */
static const char *replacement(const char *at, char before)
{
	if (begins(at, "{lambda(") || begins(at, "<lambda("))
		return "{lambda}";
	if (begins(at, "[abi:"))
		return "";
	/*
	 * Template or function arguments are dropped. But "(anonymous namespace)" and Rust's "<T as
	 * Trait>" begin a name.
	 */
	if (*at == '<' || *at == '(')
		return is_word(before) || before == '}' || before == ')' ? "" : NULL;
	return NULL;
}

/* Returns the length of "5store_", a part of a name with its length before it; 0: it is none. */
static size_t part_length(const char *at)
{
	char *end;
	unsigned long length = isdigit((unsigned char)*at) ? strtoul(at, &end, 10) : 0;

	return length && length < strlen(end) && end[length] == '_' ?
		       (size_t)(end - at) + length + 1 :
		       0;
}

size_t vmt_keyname_hash(const char *function, size_t *ret_length)
{
	static const char cgo[] = "_cgo_", pyx[] = "__pyx_p";
	const char *at = function;
	size_t n;

	*ret_length = 0;
	if (begins(at, cgo)) {
		at += sizeof(cgo) - 1;
		n = strspn(at, "0123456789abcdef");
		*ret_length = n >= HASH_LEAST && at[n] == '_' ? n + 1 : 0;
		return (size_t)(at - function);
	}
	if (!begins(at, pyx) || strlen(at) <= sizeof(pyx) + 1 || at[sizeof(pyx)] != '_')
		return 0;
	for (at += sizeof(pyx) + 1; (n = part_length(at)) != 0;)
		at += n;
	*ret_length = strspn(at, "0123456789");
	return (size_t)(at - function);
}

void vmt_keyname_trim(char *function)
{
	size_t length, hash = vmt_keyname_hash(function, &length);
	const char *at = function;
	char *out = function; /* never ahead of `at`, since replacements are shorter */

	memmove(function + hash, function + hash + length, strlen(function + hash + length) + 1);
	while (*at) {
		char before = out > function ? out[-1] : '\0';
		size_t n = ends_with_operator(function, out) ? operator_length(at) : 0;
		const char *other = !n && strchr("<({[", *at) ? replacement(at, before) : NULL;
		const char *next = other ? behind(at) : NULL;

		if (next) {
			memcpy(out, other, strlen(other));
			out += strlen(other);
			at = next;
			continue;
		}
		n = n ? n : 1;
		memmove(out, at, n);
		out += n;
		at += n;
		if (before == '$' && out[-1] == '_') /* "$_0" is clang's name for a lambda */
			at += strspn(at, "0123456789");
	}
	*out = '\0';
}

void vmt_keyname_trim_line(char *line)
{
	char *mark = strchr(line, '!');

	if (mark)
		vmt_keyname_trim(mark + 1);
}
