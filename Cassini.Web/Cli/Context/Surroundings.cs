using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Web.Cli.Context;

/// <summary>What the process needs of its surroundings before any command.</summary>
internal static class Surroundings
{
    /// <summary>Makes up for what is missing, if that is possible.</summary>
    /// <returns>Why no command can run; null when one can.</returns>
    public static string? Prepare()
    {
        // While there are descriptors to read it with.
        _ = DescriptorBudget.Read();
        HomeDirectory.Ensure();
        try
        {
            _ = Directory.GetCurrentDirectory();
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "the working directory does not exist any more, or cannot be read: change to another one";
        }
    }

    /// <summary>What an exception that nobody expected says about too few files; null when there are enough.</summary>
    /// <param name="limit">How many files the process may open; null when the system does not say.</param>
    /// <param name="needed">How many are enough for every command.</param>
    public static string? ShortageOfFiles(long? limit, long needed) => limit < needed
        ? $"the process may open only {limit} files, which are too few: allow {needed} with 'ulimit -n' or LimitNOFILE="
        : null;
}
