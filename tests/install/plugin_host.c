/*
 * plugin_host.c PLUGIN - loads a plugin and runs it, twice: between, it is unloaded.
 *
 * SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **arguments)
{
	for (int round = 0; round < 2; round++) {
		void *plugin = count == 2 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
		void *symbol = plugin == NULL ? NULL : dlsym(plugin, "plugin_run");
		uint32_t (*run)(void);
		if (symbol == NULL) {
			fprintf(stderr, "%s\n", dlerror());
			return 1;
		}
		memcpy(&run, &symbol, sizeof run); /* as dlsym(3) has it */
		uint32_t result = run();
		if (result != 606) {
			fprintf(stderr, "the plugin returned %u\n", (unsigned)result);
			return 1;
		}
		dlclose(plugin);
	}
	return 0;
}
