%% W3 and W4: one publisher and many subscribers, many producers and one consumer.
%%
%% SPDX-License-Identifier: MIT
-module(fan).
-export([out/2, in/1]).

-define(SUBSCRIBERS, 100).
-define(PUBLISHES, 50000).
-define(PRODUCERS, 8).
-define(PRODUCED, 300000).
%% A subscriber may have two rounds of events in its mailbox: 1,024.
-define(ROUND, 512).
%% The producers share the 1,024 places of a mailbox.
-define(PRODUCER_WINDOW, 128).
-define(PRODUCER_CREDIT, 64).

out(Size, Scale) ->
    Count = bench:scaled(?PUBLISHES, Scale),
    Payload = case Size of
        none -> 1;
        _ -> binary:copy(<<"m">>, Size)
    end,
    Self = self(),
    Publisher = spawn_link(fun() ->
        receive {subscribers, Pids} ->
            Start = erlang:monotonic_time(nanosecond),
            publish(Pids, Payload, 0, Count),
            Self ! {done, self(), Start}
        end
    end),
    Subscribers = bench:spawn_link_many(?SUBSCRIBERS, fun(_) ->
        subscriber(Publisher, Size, 0, Count),
        Self ! {done, self(), erlang:monotonic_time(nanosecond)}
    end),
    Publisher ! {subscribers, Subscribers},
    Start = bench:await(Publisher),
    End = lists:max([bench:await(Pid) || Pid <- Subscribers]),
    [{"deliveries", "/s", bench:per_second(Count * ?SUBSCRIBERS, End - Start)}].

publish(_Pids, _Payload, Count, Count) ->
    ok;
publish(Pids, Payload, Seq, Count) ->
    Seq rem ?ROUND =:= 0 andalso Seq >= 2 * ?ROUND andalso await_round(Seq div ?ROUND - 2, ?SUBSCRIBERS),
    send_all(Pids, {Seq, Payload}),
    publish(Pids, Payload, Seq + 1, Count).

%% All subscribers must have handled the round before the last.
await_round(_Round, 0) -> ok;
await_round(Round, Missing) -> receive {handled, Round} -> await_round(Round, Missing - 1) end.

send_all([], _Event) -> ok;
send_all([Pid | Pids], Event) ->
    Pid ! Event,
    send_all(Pids, Event).

subscriber(_Publisher, _Size, Count, Count) ->
    ok;
subscriber(Publisher, Size, Next, Count) ->
    receive
        {Seq, Payload} ->
            Next = Seq,
            true = Size =:= none orelse byte_size(Payload) =:= Size,
            (Next + 1) rem ?ROUND =:= 0 andalso (Publisher ! {handled, Next div ?ROUND}),
            subscriber(Publisher, Size, Next + 1, Count)
    end.

in(Scale) ->
    Count = bench:scaled(?PRODUCED, Scale),
    Self = self(),
    Consumer = spawn_link(fun() ->
        receive {producers, Pids} ->
            Start = erlang:monotonic_time(nanosecond),
            send_all(Pids, {consumer, self()}),
            consume(list_to_tuple(Pids), list_to_tuple([0 || _ <- Pids]), ?PRODUCERS * Count),
            Self ! {done, self(), erlang:monotonic_time(nanosecond) - Start}
        end
    end),
    Producers = bench:spawn_link_many(?PRODUCERS, fun(Index) ->
        receive {consumer, To} -> produce(To, Index + 1, 0, Count, ?PRODUCER_WINDOW) end
    end),
    Consumer ! {producers, Producers},
    Took = bench:await(Consumer),
    [{"events", "/s", bench:per_second(?PRODUCERS * Count, Took)}].

produce(_To, _Index, Count, Count, _Credit) ->
    ok;
produce(To, Index, Seq, Count, 0) ->
    receive credit -> produce(To, Index, Seq, Count, ?PRODUCER_CREDIT) end;
produce(To, Index, Seq, Count, Credit) ->
    To ! {Seq, Index},
    produce(To, Index, Seq + 1, Count, Credit - 1).

%% Fails on an event that is not the next of its producer.
consume(_Producers, _Nexts, 0) ->
    ok;
consume(Producers, Nexts, Left) ->
    receive
        {Seq, Index} ->
            Seq = element(Index, Nexts),
            (Seq + 1) rem ?PRODUCER_CREDIT =:= 0 andalso (element(Index, Producers) ! credit),
            consume(Producers, setelement(Index, Nexts, Seq + 1), Left - 1)
    end.
