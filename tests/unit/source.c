/* SPDX-License-Identifier: MIT */
/* Paths of source files relative to a repository: by name only, whatever the name. */
#include "core/base/base.h"
#include "util/source.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const char *below(const char *path)
{
	static const char *const roots[] = { NULL, "", "/home/ci/repo/", "/src" };
	static char *result;

	free(result);
	result = vmt_source_below(path, roots, 4);
	return result;
}

Test(source, a_build_folder_below_the_repository)
{
	cr_assert_str_eq(below("/src/build/../pool.c"), "pool.c");
	cr_assert_str_eq(below("/src/build/../lib/./pool.c"), "lib/pool.c");
	cr_assert_str_eq(below("/home/ci/repo/a/b/../../pool.c"), "pool.c");
}

Test(source, elsewhere_it_stays_absolute)
{
	cr_assert_str_eq(below("/usr/src/x.c"), "/usr/src/x.c");
	cr_assert_str_eq(below("/srcs/x.c"), "/srcs/x.c");
	cr_assert_str_eq(below("/src/../x.c"), "/x.c");
	cr_assert_str_eq(below("/src"), "/src");
	cr_assert_str_eq(below("/../../x.c"), "/x.c");
}

Test(source, relative_names)
{
	cr_assert_str_eq(below("pool.c"), "pool.c");
	cr_assert_str_eq(below("./a//pool.c"), "a/pool.c");
	cr_assert_str_eq(below("../pool.c"), "../pool.c");
	cr_assert_str_eq(below("../../a/../pool.c"), "../../pool.c");
	cr_assert_str_eq(below("a/../../pool.c"), "../pool.c");
	cr_assert_str_eq(below("..."), "...");
	cr_assert_str_eq(below("<built-in>"), "<built-in>");
}

Test(source, what_is_no_file)
{
	cr_assert_str_eq(below(""), "");
	cr_assert_str_eq(below("/"), "/");
	cr_assert_str_eq(below("a/.."), "");
	cr_assert_str_eq(below(".."), "..");
}

Test(source, the_systems_files)
{
	static const char *const system[] = {
		"/usr/include/c++/12/thread",
		"/lib/x86_64/libz.so",
		"/usr/bin/python3.11",
		"/usr/lib/libz.so",
		"/rustc/9fc6b431/library/core/src/iter/range.rs",
		"/opt/lib/rustlib/src/rust/library/alloc/src/lib.rs"
	};
	static const char *const own[] = { "pool.c",
					   "/src/pool.c",
					   "/usr/local/lib/libpool.so",
					   "/usr/src/app/pool.c",
					   "../usr/x.c",
					   "",
					   "/library/x.c" };

	for (size_t i = 0; i < VMT_COUNT(system); i++)
		cr_assert(vmt_source_is_system(system[i]), "%s", system[i]);
	for (size_t i = 0; i < VMT_COUNT(own); i++)
		cr_assert_not(vmt_source_is_system(own[i]), "%s", own[i]);
}

static const char *whole(const char *directory, const char *path)
{
	static char *result;

	free(result);
	result = vmt_source_path(directory, path);
	return result;
}

Test(source, below_the_folder_that_a_ci_system_names)
{
	setenv("GITHUB_WORKSPACE", "/github", 1);
	setenv("CI_PROJECT_DIR", "/gitlab/", 1);
	setenv("WORKSPACE", "/jenkins/job", 1);
	cr_assert_str_eq(whole("/github/build", "../a.c"), "a.c");
	cr_assert_str_eq(whole("/gitlab/build", "../a.c"), "a.c");
	cr_assert_str_eq(whole("/jenkins/job/build", "../src/a.c"), "src/a.c");
	cr_assert_str_eq(whole("/jenkins/job2", "a.c"), "/jenkins/job2/a.c");
}

Test(source, a_folder_that_the_name_has_already_is_not_put_before_it)
{
	cr_assert_str_eq(whole("./nptl", "./nptl/allocatestack.c"), "nptl/allocatestack.c");
	cr_assert_str_eq(whole("./nptl", "../sysdeps/x.h"), "sysdeps/x.h");
	cr_assert_str_eq(whole("nptl", "nptlx/a.c"), "nptl/nptlx/a.c");
	cr_assert_str_eq(whole("/srcs/nptl", "a.c"), "/srcs/nptl/a.c");
}
