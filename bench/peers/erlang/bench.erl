%% The peer "Erlang": processes; Debian 12 has Erlang/OTP 25.2, whose virtual machine compiles to
%% native code as it loads.
%%
%% An actor is a process. Its mailbox is unbounded, a send copies the message (a tuple of two small
%% integers; binaries above 64 bytes are shared by reference), and the order of each sender is kept.
%% Nothing blocks: where the table asks for it, receivers hand out credit, and a sender that has
%% none waits for more. The windows hold as much as mailboxes of 1,024 would.
%%
%% "one" and "two" are scheduler threads (+S). The two processes of W1/two and of W6 are placed on
%% one each by a spawn option that is not documented: the virtual machine would soon have both on one.
%%
%% There is no W4/threads: a foreign thread would have to be written in C.
%%
%% SPDX-License-Identifier: MIT
-module(bench).
-export([main/1, scaled/2, per_second/2, spawn_link_many/2, await/1]).

variants() ->
    [{"W1/one", fun(Scale) -> flow:ping_pong(one, Scale) end},
     {"W1/two", fun(Scale) -> flow:ping_pong(two, Scale) end},
     {"W2/one", fun flow:pipeline/1},
     {"W2/two", fun flow:pipeline/1},
     {"W3/one", fun(Scale) -> fan:out(none, Scale) end},
     {"W3/two", fun(Scale) -> fan:out(none, Scale) end},
     {"W3/one-1KiB", fun(Scale) -> fan:out(1 bsl 10, Scale) end},
     {"W3/one-64KiB", fun(Scale) -> fan:out(64 bsl 10, Scale) end},
     {"W4/actors", fun fan:in/1},
     {"W4/actors-two", fun fan:in/1},
     {"W5/idle", fun many:idle/1},
     {"W6/100k", fun(Scale) -> latency:paced(100000, 10, Scale) end},
     {"W6/1k", fun(Scale) -> latency:paced(2000, 1000, Scale) end},
     {"W7/one", fun flow:working_pipeline/1},
     {"W7/two", fun flow:working_pipeline/1},
     {"W10/ring", fun many:ring/1},
     {"W10/ring-two", fun many:ring/1},
     {"W10/mesh", fun many:mesh/1},
     {"W10/mesh-two", fun many:mesh/1}].

main(Args) ->
    %% A process that dies, and a count that does not match, end the run.
    try
        command(Args),
        halt(0)
    catch
        Class:Reason:Stack ->
            io:format(standard_error, "~p: ~p~n~p~n", [Class, Reason, Stack]),
            halt(1)
    end.

command(["list"]) ->
    [io:format("~s~n", [Name]) || {Name, _} <- variants()];
command(["about"]) ->
    io:format("Erlang/OTP ~s (erts ~s, ~p): processes; mailbox unbounded, a send copies (binaries above 64 bytes "
              "are shared); flow control by credit, as much as mailboxes of 1024 would hold; one/two: "
              "scheduler threads (+S); W1/two and W6: one scheduler each by an undocumented option; a twentieth "
              "of each run, except W5 and W6, warms up first~n",
              [erlang:system_info(otp_release), erlang:system_info(version), erlang:system_info(emu_flavor)]);
command(["run", Name]) ->
    run(Name, 1.0);
command(["run", Name, Scale]) ->
    run(Name, to_float(Scale));
command(_) ->
    error("usage: run-peer list | about | run VARIANT [SCALE]").

run(Name, Scale) ->
    {Name, Variant} = lists:keyfind(Name, 1, variants()),
    case Name of
        "W5/" ++ _ -> ok;
        "W6/" ++ _ -> ok;
        _ -> Variant(Scale / 20)
    end,
    [io:format("~s ~s ~.3f~n", [Figure, Unit, float(Value)]) || {Figure, Unit, Value} <- Variant(Scale)].

to_float(Text) ->
    case string:to_float(Text) of
        {error, no_float} -> float(list_to_integer(Text));
        {Number, ""} -> Number
    end.

%% A count of events at a scale, at least one.
scaled(Count, Scale) ->
    max(1, trunc(Count * Scale)).

per_second(Count, Nanoseconds) ->
    Count * 1.0e9 / Nanoseconds.

%% Processes that run Fun with their index.
spawn_link_many(Count, Fun) ->
    [spawn_link(fun() -> Fun(Index) end) || Index <- lists:seq(0, Count - 1)].

%% Waits for {done, Pid, Result} of a process.
await(Pid) ->
    receive {done, Pid, Result} -> Result end.
