%% W6: the time from send to handle, at a given pace, from one scheduler to the other.
%%
%% SPDX-License-Identifier: MIT
-module(latency).
-export([paced/3]).

paced(Events, PeriodUs, Scale) ->
    Count = bench:scaled(Events, Scale),
    Period = PeriodUs * 1000,
    Self = self(),
    CpuBefore = cpu_ms(),
    Receiver = spawn_opt(fun() ->
        Samples = receiver(0, Count, []),
        Self ! {done, self(), Samples}
    end, [link, {scheduler, 2}, {min_heap_size, 1000000}]),
    Start = erlang:monotonic_time(nanosecond),
    spawn_opt(fun() -> sender(Receiver, Start, Period, 0, Count) end, [link, {scheduler, 1}]),
    Samples = bench:await(Receiver),
    Took = erlang:monotonic_time(nanosecond) - Start,
    Cpu = (cpu_ms() - CpuBefore) * 1.0e6 / Took,
    Sorted = list_to_tuple(lists:sort(Samples)),
    At = fun(Permille) -> element((Count - 1) * Permille div 1000 + 1, Sorted) / 1000 end,
    [{"p50", "us", At(500)}, {"p99", "us", At(990)}, {"p999", "us", At(999)}, {"cpu", "s", Cpu}].

%% A sender that falls behind catches up. It sleeps between two events where the period allows it,
%% and else spins: no timer keeps a period of 10 us.
sender(_To, _Start, _Period, Count, Count) ->
    ok;
sender(To, Start, Period, Seq, Count) ->
    wait_until(Start + Seq * Period, Period),
    To ! {Seq, erlang:monotonic_time(nanosecond)},
    sender(To, Start, Period, Seq + 1, Count).

%% Timers are of milliseconds, and a timer may be late by one: the pace is kept on average.
wait_until(Due, Period) when Period >= 1000000 ->
    case Due - erlang:monotonic_time(nanosecond) of
        Left when Left > 0 ->
            erlang:send_after(-(-Due div 1000000), self(), due, [{abs, true}]),
            receive due -> ok end;
        _ ->
            ok
    end;
wait_until(Due, _Period) ->
    spin(Due).

spin(Due) ->
    case erlang:monotonic_time(nanosecond) of
        Now when Now < Due -> spin(Due);
        _ -> ok
    end.

receiver(Count, Count, Samples) ->
    Samples;
receiver(Next, Count, Samples) ->
    receive
        {Seq, Sent} ->
            Next = Seq,
            Sample = erlang:monotonic_time(nanosecond) - Sent,
            receiver(Next + 1, Count, [Sample | Samples])
    end.

%% What the whole process has used, of all its threads.
cpu_ms() ->
    {Total, _SinceLast} = erlang:statistics(runtime),
    Total.
