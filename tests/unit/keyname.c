/* SPDX-License-Identifier: MIT */
/* Names as they are used in keys: two builds' names for one function must become the same. */
#include "core/base/base.h"
#include "naming/keyname.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *trimmed(const char *function)
{
	static char text[400];

	cr_assert_lt(strlen(function), sizeof(text));
	strcpy(text, function);
	vmt_keyname_trim(text);
	return text;
}

Test(keyname, of_c_stays)
{
	static const char *const names[] = {
		"main", "pool_object", "a.part.0", "$x", "", "_start"
	};

	for (size_t i = 0; i < VMT_COUNT(names); i++)
		cr_assert_str_eq(trimmed(names[i]), names[i]);
}

Test(keyname, of_generators_neither_hash_nor_number_counts)
{
	cr_assert_str_eq(trimmed("_cgo_08668c49b557_Cfunc_seg_map"), "_cgo_Cfunc_seg_map");
	cr_assert_str_eq(trimmed("_cgo_export_static"), "_cgo_export_static");
	cr_assert_str_eq(trimmed("__pyx_pf_5store_2grow"), "__pyx_pf_5store_grow");
	cr_assert_str_eq(trimmed("__pyx_pw_5store_4Pool_13grow2"), "__pyx_pw_5store_4Pool_grow2");
	cr_assert_str_eq(trimmed("__pyx_pf_5store_grow_all"), "__pyx_pf_5store_grow_all");
	cr_assert_str_eq(trimmed("__pyx_pymod_exec_store"), "__pyx_pymod_exec_store");
}

Test(keyname, template_arguments_go)
{
	cr_assert_str_eq(trimmed("Pool<int>::grow"), "Pool::grow");
	cr_assert_str_eq(trimmed("Pool<std::vector<int, std::allocator<int> > >::grow<char>"),
			 "Pool::grow");
	cr_assert_str_eq(trimmed("Pool<&Node::operator->>::grow"), "Pool::grow");
	cr_assert_str_eq(trimmed("std::function<void (int)>::operator()"),
			 "std::function::operator()");
	cr_assert_str_eq(trimmed("name[abi:cxx11]"), "name");
}

Test(keyname, a_lambda_is_a_lambda)
{
	cr_assert_str_eq(trimmed("main::{lambda()#2}::operator()"), "main::{lambda}::operator()");
	cr_assert_str_eq(trimmed("main(int, char**)::<lambda(int)>::operator()"),
			 "main::{lambda}::operator()");
	cr_assert_str_eq(trimmed("f(int)::{lambda(char)#1}::operator()(char)"),
			 "f::{lambda}::operator()");
	cr_assert_str_eq(trimmed("main::$_12::operator()"), "main::$_::operator()");
}

Test(keyname, operators_stay)
{
	static const char *const names[] = {
		"operator<",      "A::operator<<", "A::operator->",    "A::operator()",
		"A::operator<=>", "A::operator[]", "A::operator bool",
	};

	for (size_t i = 0; i < VMT_COUNT(names); i++)
		cr_assert_str_eq(trimmed(names[i]), names[i]);
	cr_assert_str_eq(trimmed("A::operator()<int>"), "A::operator()");
	cr_assert_str_eq(trimmed("my_operator<int>"), "my_operator");
}

Test(keyname, what_begins_a_name_stays)
{
	cr_assert_str_eq(trimmed("(anonymous namespace)::f"), "(anonymous namespace)::f");
	cr_assert_str_eq(trimmed("a::(anonymous namespace)::f(int)"),
			 "a::(anonymous namespace)::f");
	cr_assert_str_eq(trimmed("<alloc::vec::Vec<T> as core::ops::Drop>::drop"),
			 "<alloc::vec::Vec as core::ops::Drop>::drop");
}

Test(keyname, of_a_line_the_module_stays)
{
	char line[] = "lib<a>.so!f<int>:12";
	char alone[] = "lib<a>.so";

	vmt_keyname_trim_line(line);
	cr_assert_str_eq(line, "lib<a>.so!f:12");
	vmt_keyname_trim_line(alone);
	cr_assert_str_eq(alone, "lib<a>.so");
}

Test(keyname, any_bytes)
{
	static const char bytes[] = "<>(){}[]:operator->()<<a$_1{lambda(<lambda(";
	char text[60];
	uint32_t state = 1;

	for (int round = 0; round < 100000; round++) {
		size_t n = (state >> 8) % sizeof(text), length;

		for (size_t i = 0; i < n; i++) {
			state = state * 1103515245 + 12345;
			text[i] = bytes[(state >> 16) % (sizeof(bytes) - 1)];
		}
		text[n] = '\0';
		vmt_keyname_trim(text);
		cr_assert_leq(strlen(text), n);
		/* Names from a baseline are trimmed again when they are read. */
		length = strlen(text);
		vmt_keyname_trim(text);
		cr_assert_leq(strlen(text), length);
	}
}
