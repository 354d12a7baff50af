using System.CommandLine;
using System.Globalization;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Messaging;

/// <summary>Flags with a number or a duration, with errors that say what is allowed.</summary>
internal static class Flags
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40); // Timers end at 49 days.

    public static Option<long?> Count(string name, string description) => new(name)
    {
        HelpName = "N",
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
            {
                return count;
            }

            result.AddError($"{name} '{SafeText.Of(text)}' is not a number of 1 or more");
            return null;
        },
    };

    public static Option<TimeSpan?> Duration(string name, TimeSpan least, string description) => new(name)
    {
        HelpName = "DURATION",
        Description = description,
        CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            if (!DurationText.TryParse(text, out var duration))
            {
                result.AddError($"{name} '{SafeText.Of(text)}' is not {DurationText.Expected}");
            }
            else if (duration < least || duration > LongestTimer)
            {
                result.AddError($"{name} '{SafeText.Of(text)}' is not within {least.TotalMilliseconds:0}ms to {LongestTimer.TotalDays:0}d");
            }

            return duration;
        },
    };
}
