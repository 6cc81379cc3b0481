/* SPDX-License-Identifier: MIT */
/* See endings.h. */
#include "core/stack/endings.h"

#include <assert.h>

#define EXPORTED(name)                         \
	{                                      \
		VMT_ENDING_RUNTIME, name, name \
	}
#define INTERNAL(name)                         \
	{                                      \
		VMT_ENDING_RUNTIME, name, NULL \
	}

const struct vmt_ending_name *vmt_endings(void)
{
	static const struct vmt_ending_name list[] = {
		{ VMT_ENDING_EXIT, "exit", "exit" },
		INTERNAL("__run_exit_handlers"),
		INTERNAL("_dl_fini"),
		EXPORTED("Py_FinalizeEx"), /* python */
		EXPORTED("Py_Finalize"),
		INTERNAL("_Py_Finalize"),
		EXPORTED("php_request_shutdown"),
		EXPORTED("php_module_shutdown"),
		EXPORTED("perl_destruct"),
		EXPORTED("perl_free"),
		EXPORTED("ruby_cleanup"),
		{ VMT_ENDING_AFTER_RUN, NULL, "ruby_run_node" },
		INTERNAL("rb_ec_cleanup"),
		INTERNAL("rb_ec_teardown"),
		EXPORTED("lua_close"),
		INTERNAL("JNI_DestroyJavaVM"),
		INTERNAL("jni_DestroyJavaVM"),
		{ VMT_ENDING_RUNTIME, "node::NodeMainInstance::~NodeMainInstance",
		  "_ZN4node16NodeMainInstanceD2Ev" },
		{ VMT_ENDING_RUNTIME, "node::Stop", "_ZN4node4StopEPNS_11EnvironmentE" },
		EXPORTED("Tcl_Finalize"),
		EXPORTED("R_CleanUp"),
		EXPORTED("jl_atexit_hook"), /* julia */
		EXPORTED("caml_shutdown"), /* ocaml */
		EXPORTED("mono_jit_cleanup"),
	};

	static_assert(VMT_COUNT(list) == VMT_ENDINGS_COUNT, "as the header says");
	return list;
}
