%% W1, W2 and W7: events that go from one actor to the next.
%%
%% SPDX-License-Identifier: MIT
-module(flow).
-export([ping_pong/2, pipeline/1, working_pipeline/1]).

-define(ROUNDS, 1000000).
-define(ROUNDS_TWO, 100000).
-define(FLOW_EVENTS, 2000000).
-define(WORKING_EVENTS, 100000).
-define(STAGES, 3).
-define(STAGE_WORK_NS, 2000).
%% What the mailboxes of three stages and a sink of 1,024 places each would hold.
-define(WINDOW, 4096).
-define(CREDIT, 1024).

ping_pong(Workers, Scale) ->
    {Count, PingerOptions, PongerOptions} =
        case Workers of
            one -> {bench:scaled(?ROUNDS, Scale), [link], [link]};
            two -> {bench:scaled(?ROUNDS_TWO, Scale), [link, {scheduler, 1}], [link, {scheduler, 2}]}
        end,
    Self = self(),
    Ponger = spawn_opt(fun() -> Self ! {done, self(), ponger(0)} end, PongerOptions),
    Pinger = spawn_opt(fun() -> Self ! {done, self(), pinger(Ponger, Count)} end, PingerOptions),
    Took = bench:await(Pinger),
    Count = bench:await(Ponger),
    [{"round_trip", "ns", Took / Count}].

ponger(Count) ->
    receive
        {From, Seq, Value} -> From ! {Seq, Value}, ponger(Count + 1);
        stop -> Count
    end.

pinger(Ponger, Count) ->
    Start = erlang:monotonic_time(nanosecond),
    pinger(Ponger, 0, Count),
    Took = erlang:monotonic_time(nanosecond) - Start,
    Ponger ! stop,
    Took.

pinger(_Ponger, Count, Count) ->
    ok;
pinger(Ponger, Seq, Count) ->
    Ponger ! {self(), Seq, 1},
    receive {Seq, 1} -> pinger(Ponger, Seq + 1, Count) end.

pipeline(Scale) ->
    Count = bench:scaled(?FLOW_EVENTS, Scale),
    Rate = bench:per_second(Count, flow(Count, fun() -> ok end)),
    [{"events", "/s", Rate}, {"hop", "ns", 1.0e9 / Rate / (?STAGES + 1)}].

working_pipeline(Scale) ->
    Count = bench:scaled(?WORKING_EVENTS, Scale),
    [{"events", "/s", bench:per_second(Count, flow(Count, fun work/0))}].

work() ->
    spin(erlang:monotonic_time(nanosecond) + ?STAGE_WORK_NS).

spin(Until) ->
    case erlang:monotonic_time(nanosecond) of
        Now when Now < Until -> spin(Until);
        _ -> ok
    end.

%% Sends events through the stages, each of which calls Work for each event: how long it took.
flow(Count, Work) ->
    Self = self(),
    Source = spawn_link(fun() ->
        receive {first, To} ->
            Start = erlang:monotonic_time(nanosecond),
            source(To, 0, Count, ?WINDOW),
            Self ! {done, self(), Start}
        end
    end),
    Sink = spawn_link(fun() ->
        sink(Source, 0, Count),
        Self ! {done, self(), erlang:monotonic_time(nanosecond)}
    end),
    First = lists:foldl(fun(_, To) -> spawn_link(fun() -> stage(To, Work) end) end, Sink, lists:seq(1, ?STAGES)),
    Source ! {first, First},
    Start = bench:await(Source),
    bench:await(Sink) - Start.

source(_To, Count, Count, _Credit) ->
    ok;
source(To, Seq, Count, 0) ->
    receive credit -> source(To, Seq, Count, ?CREDIT) end;
source(To, Seq, Count, Credit) ->
    To ! {Seq, 0},
    source(To, Seq + 1, Count, Credit - 1).

stage(To, Work) ->
    receive
        {Seq, Value} ->
            Work(),
            To ! {Seq, Value + 1},
            stage(To, Work)
    end.

%% Takes any event, and fails on one that is not the next.
sink(_Source, Count, Count) ->
    ok;
sink(Source, Next, Count) ->
    receive
        {Seq, Value} ->
            {Next, ?STAGES} = {Seq, Value},
            (Next + 1) rem ?CREDIT =:= 0 andalso (Source ! credit),
            sink(Source, Next + 1, Count)
    end.
