using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Control;

/// <summary>GET, PUT and DELETE /log-level: another level of the log for a while, without a restart.</summary>
internal static class LogLevelEndpoints
{
    private const int LongestCategory = 200;

    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public static void MapLogLevel(this IEndpointRouteBuilder routes, ILogLevels? levels)
    {
        var words = string.Join(", ", levels?.Words ?? []);
        routes.MapReads("/log-level", context => ShowAsync(context, levels))
            .Describe("logLevel", "The level of the log in force, and until when.")
            .Answers<LogLevelState>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
        routes.MapWrite(HttpMethods.Put, "/log-level", context => ChangeAsync(context, levels, words))
            .Describe("changeLogLevel", "Put another level of the log in force for a while.")
            .Takes("level", $"One of {words}; required.")
            .Takes("category", "The beginning of the names of the loggers that it is for; all that have no level of their own when absent.")
            .Takes("for", $"How long, such as 90s or 5m: at most {DurationText.Format(Longest)}, by default {DurationText.Format(Usual)}.")
            .Answers<LogLevelState>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
        routes.MapWrite(HttpMethods.Delete, "/log-level", context => ReturnAsync(context, levels))
            .Describe("returnLogLevel", "Put the configured levels of the log in force again.")
            .Answers<LogLevelState>(StatusCodes.Status200OK, Answer.Json)
            .Answers(StatusCodes.Status404NotFound, Answer.PlainText);
    }

    private static Task ShowAsync(HttpContext context, ILogLevels? levels) =>
        levels is null ? NoneAsync(context) : StateAsync(context, levels.Current);

    private static Task ReturnAsync(HttpContext context, ILogLevels? levels) =>
        levels is null ? NoneAsync(context) : StateAsync(context, levels.Return(Caller.Of(context)));

    private static Task ChangeAsync(HttpContext context, ILogLevels? levels, string words)
    {
        if (levels is null)
        {
            return NoneAsync(context);
        }

        if (!QueryParameters.TryReadOne(context, "level", out var level, out var error)
            || !QueryParameters.TryReadOne(context, "category", out var category, out error)
            || !QueryParameters.TryReadOne(context, "for", out var text, out error))
        {
            return WrongAsync(context, error);
        }

        var time = Usual;
        return string.IsNullOrEmpty(level)
                ? WrongAsync(context, $"the level is missing: /log-level?level=LEVEL, one of {words}")
            : category is { Length: 0 or > LongestCategory }
                ? WrongAsync(context, $"category has 1 to {LongestCategory} characters; leave it out for all")
            : text is not null && !DurationText.TryParse(text, out time)
                ? WrongAsync(context, $"for={Answer.Quote(text)} is not {DurationText.Expected}")
            : time <= TimeSpan.Zero || time > Longest
                ? WrongAsync(context, $"for={Answer.Quote(text)} is not allowed: more than 0, and at most {DurationText.Format(Longest)}")
            : levels.Change(level, category, time, Caller.Of(context)) is { } state
                ? StateAsync(context, state)
            : WrongAsync(context, $"level={Answer.Quote(level)} is none of {words}");
    }

    private static Task StateAsync(HttpContext context, LogLevelState state) =>
        Answer.JsonAsync(context, StatusCodes.Status200OK, state, LogLevelJson.State);

    private static Task WrongAsync(HttpContext context, string problem) =>
        Answer.TextAsync(context, StatusCodes.Status400BadRequest, problem + "\n");

    private static Task NoneAsync(HttpContext context) => Answer.TextAsync(
        context, StatusCodes.Status404NotFound, "the log is not this broker's own: the application around it has its levels\n");
}

internal static class LogLevelJson
{
    public static JsonTypeInfo<LogLevelState> State { get; } = ManagementJson.Of<LogLevelState>(LogLevelJsonContext.Default);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(LogLevelState))]
internal sealed partial class LogLevelJsonContext : JsonSerializerContext;
