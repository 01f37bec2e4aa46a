%% W5 and W10: many actors.
%%
%% SPDX-License-Identifier: MIT
-module(many).
-export([idle/1, ring/1, mesh/1]).

-define(IDLE_ACTORS, 1000000).
-define(IDLE_STATE, 8).
-define(CROWD, 1000).
-define(TOKEN_ROUNDS, 3000).
-define(PINGS_EACH, 1500).

%% The second field of statm, in pages of 4 KiB. What the runtime itself counts has less in it.
resident_bytes() ->
    {ok, Statm} = file:read_file("/proc/self/statm"),
    [_, Pages | _] = string:split(Statm, " ", all),
    binary_to_integer(Pages) * 4096.

idle(Scale) ->
    Count = bench:scaled(?IDLE_ACTORS, Scale),
    Started = counters:new(1, [atomics]),
    Stopped = counters:new(1, [atomics]),
    Before = resident_bytes(),
    Begin = erlang:monotonic_time(nanosecond),
    Pids = start_idle(Count, Started, Stopped, []),
    wait_for(Started, Count),
    StartTook = erlang:monotonic_time(nanosecond) - Begin,
    %% The list of processes, two words each, is what addresses cost.
    Memory = resident_bytes() - Before,

    StopBegin = erlang:monotonic_time(nanosecond),
    stop_all(Pids),
    wait_for(Stopped, Count),
    StopTook = erlang:monotonic_time(nanosecond) - StopBegin,
    [{"memory", "B", Memory / Count - ?IDLE_STATE},
     {"start", "actors/s", bench:per_second(Count, StartTook)},
     {"stop", "actors/s", bench:per_second(Count, StopTook)}].

start_idle(0, _Started, _Stopped, Pids) ->
    Pids;
start_idle(Left, Started, Stopped, Pids) ->
    Pid = spawn(fun() ->
        counters:add(Started, 1, 1),
        0 = handled(0),
        counters:add(Stopped, 1, 1)
    end),
    start_idle(Left - 1, Started, Stopped, [Pid | Pids]).

handled(Count) ->
    receive
        stop -> Count;
        _ -> handled(Count + 1)
    end.

stop_all([]) -> ok;
stop_all([Pid | Pids]) -> Pid ! stop, stop_all(Pids).

wait_for(Counter, Count) ->
    case counters:get(Counter, 1) of
        Count -> ok;
        _ -> erlang:yield(), wait_for(Counter, Count)
    end.

ring(Scale) ->
    Rounds = bench:scaled(?TOKEN_ROUNDS, Scale),
    Main = self(),
    Pids = bench:spawn_link_many(?CROWD, fun(_) ->
        receive {next, Next} -> ok end,
        Main ! {done, self(), pass_on(Main, Next, 0)}
    end),
    [Pid ! {next, Next} || {Pid, Next} <- lists:zip(Pids, tl(Pids) ++ [hd(Pids)])],
    Begin = erlang:monotonic_time(nanosecond),
    [Pid ! {Rounds, token} || Pid <- Pids],
    crowd_hops(Pids, Begin, ?CROWD * Rounds).

pass_on(Main, Next, Hops) ->
    receive
        {1, token} -> Main ! finished, pass_on(Main, Next, Hops + 1);
        {Left, token} -> Next ! {Left - 1, token}, pass_on(Main, Next, Hops + 1);
        stop -> Hops
    end.

%% Each process has one ping in flight, to another one at random.
mesh(Scale) ->
    Count = bench:scaled(?PINGS_EACH, Scale),
    Main = self(),
    Pids = bench:spawn_link_many(?CROWD, fun(Index) ->
        receive {others, Others} -> ok end,
        receive go -> ok end,
        Random = ping(Others, Index, Index * 40503 + 1),
        Main ! {done, self(), answer(Main, Others, Index, Random, Count, 0)}
    end),
    All = list_to_tuple(Pids),
    [Pid ! {others, All} || Pid <- Pids],
    Begin = erlang:monotonic_time(nanosecond),
    [Pid ! go || Pid <- Pids],
    crowd_hops(Pids, Begin, 2 * ?CROWD * Count).

answer(Main, Others, Index, Random, Left, Hops) ->
    receive
        {From, ping} ->
            From ! {self(), pong},
            answer(Main, Others, Index, Random, Left, Hops + 1);
        {_, pong} when Left =:= 1 ->
            Main ! finished,
            answer(Main, Others, Index, Random, 0, Hops + 1);
        {_, pong} ->
            answer(Main, Others, Index, ping(Others, Index, Random), Left - 1, Hops + 1);
        stop ->
            Hops
    end.

%% Returns the next state of the generator (Park and Miller's), which stays a small integer.
ping(Others, Index, Random) ->
    Next = Random * 48271 rem 2147483647,
    Other = (Index + 1 + Next rem (?CROWD - 1)) rem ?CROWD,
    element(Other + 1, Others) ! {self(), ping},
    Next.

crowd_hops(Pids, Begin, Expected) ->
    [receive finished -> ok end || _ <- Pids],
    Took = erlang:monotonic_time(nanosecond) - Begin,
    stop_all(Pids),
    Expected = lists:sum([bench:await(Pid) || Pid <- Pids]),
    [{"hops", "/s", bench:per_second(Expected, Took)}].
