/*
 * upcalls.c - see upcalls.h.
 */
#include "runtime/upcalls.h"

#include "lifecycle/migrate.h"
#include "lifecycle/quiescence.h"
#include "lifecycle/restart.h"
#include "lifecycle/stop.h"
#include "lifecycle/topology.h"
#include "lifecycle/watchdog.h"
#include "sched/end.h"
#include "sched/hold.h"

const mk_upcalls mk_up = {
	.hold = mk_hold,
	.permit = mk_permit,
	.fail = mk_actor_fail,
	.error = mk_actor_error,
	.topology_next = mk_topology_next,
	.topology_passed = mk_topology_passed,
	.topology_retire = mk_topology_retire,
	.quiescence_look = mk_quiescence_look,
	.stop_idle = mk_stop_idle,
	.stop_exited = mk_stop_exited,
	.stop_for_failure = mk_stop_for_failure,
	.contain = mk_restart_contain,
	.care_up = mk_restart_is_up,
	.care_gone = mk_restart_is_gone,
	.care_go_on = mk_restart_go_on,
	.move = mk_migrate,
	.watchdog_need = mk_watchdog_need,
};
