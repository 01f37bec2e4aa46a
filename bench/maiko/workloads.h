/*
 * workloads.h - the variants of each workload file.
 */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H

#include "run.h"

extern const bench_variant pingpong_variants[]; /* w1_pingpong.c */
extern const bench_variant pipeline_variants[]; /* w2_pipeline.c */
extern const bench_variant fanout_variants[];   /* w3_fanout.c   */
extern const bench_variant fanin_variants[];    /* w4_fanin.c    */
extern const bench_variant idle_variants[];     /* w5_idle.c     */
extern const bench_variant paced_variants[];    /* w6_paced.c    */
extern const bench_variant working_variants[];  /* w7_working.c  */
extern const bench_variant skew_variants[];     /* w8_skew.c     */
extern const bench_variant routing_variants[];  /* w9_routing.c  */
extern const bench_variant crowd_variants[];    /* w10_crowd.c   */
extern const bench_variant echo_variants[];     /* w11_echo.c    */
extern const bench_variant cross_variants[];    /* x_cross.c     */
extern const bench_variant monitor_variants[];  /* m_monitors.c  */
extern const bench_variant change_variants[];   /* c_changes.c   */
extern const bench_variant payload_variants[];  /* p_payload.c   */
extern const bench_variant sweep_variants[];    /* s_sweep.c     */
extern const bench_variant growth_variants[];   /* g_growth.c    */
extern const bench_variant timer_variants[];    /* t_timers.c    */

#endif
