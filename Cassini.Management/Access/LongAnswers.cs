using Cassini.Management.Http;

namespace Cassini.Management.Access;

/// <summary>
/// Judges the caller of an answer that has no end again and again: a token that was removed, or a certificate that was revoked, ends it.
/// Thread-safe.
/// </summary>
/// <param name="callers">Judges callers.</param>
/// <param name="interval">How long an answer may go on after its caller lost its credentials.</param>
/// <param name="time">The one clock.</param>
/// <param name="logger">Logs what ends.</param>
internal sealed class LongAnswers(ICallerRule callers, TimeSpan interval, TimeProvider time, ILogger logger)
{
    /// <summary>Metadata of an endpoint whose answer may have no end.</summary>
    public static readonly object Mark = new Marked();

    /// <summary>Answers a caller that was accepted, for as long as it is.</summary>
    public Task AnswerAsync(HttpContext context, RequestDelegate next) =>
        context.GetEndpoint()?.Metadata.GetMetadata<Marked>() is null ? next(context) : WatchAsync(context, next(context));

    private async Task WatchAsync(HttpContext context, Task answering)
    {
        while (!answering.IsCompleted)
        {
            await answering.WaitAsync(interval, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!answering.IsCompleted && await callers.ExamineAsync(context) is { } refusal)
            {
                AccessLog.AnswerCut(logger, Caller.Of(context), Answer.Line(context.Request.Path.ToString()), refusal.Sentence);
                context.Abort();
                break;
            }
        }

        await answering;
    }

    private sealed class Marked;
}
