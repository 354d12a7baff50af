using System.Text;
using Cassini.Harness;
using Cassini.Streams.Listening.Endpoints;

namespace Cassini.Web.Cli.Context;

/// <summary>What the process needs of its surroundings before any command.</summary>
internal static class Surroundings
{
    /// <summary>With fewer the runtime cannot load all parts of any command, and fails at the first one that is missing.</summary>
    private const long LeastFiles = 160;

    // Of the process: written once, before anything else runs.
    private static long _openAtFirst;

    /// <summary>
    /// Why no command can run for want of files; null when one can. Call it before anything that needs another part of the program: each
    /// part that is loaded takes a file. What the parent left open counts, because nobody can use it.
    /// </summary>
    /// <param name="args">The command line, because one command needs more than the others.</param>
    public static string? ShortageOfFiles(string[] args)
    {
        if (DescriptorBudget.Read() is not { } limit)
        {
            return null;
        }

        _openAtFirst = DescriptorBudget.CountOpen();
        return limit < DescriptorBudget.LeastWith(LeastFiles, _openAtFirst)
            ? ShortageOfFiles(limit, DescriptorBudget.LeastWith(IsServe(args) ? DescriptorBudget.Least : LeastFiles, _openAtFirst))
            : null;
    }

    /// <summary>Why the broker cannot run for want of files, although other commands can; null when it can.</summary>
    public static string? ShortageOfFilesToServe() =>
        ShortageOfFiles(DescriptorBudget.Read(), DescriptorBudget.LeastWith(DescriptorBudget.Least, _openAtFirst));

    /// <summary>Writes why no command can run, with as little of the program as possible.</summary>
    /// <returns>The exit code.</returns>
    public static int Refuse(string problem)
    {
        if (Descriptor.IsInherited(StandardStream.Error))
        {
            _ = Descriptor.Write(StandardStream.Error, Encoding.UTF8.GetBytes($"cassini: {problem}\n"));
        }

        return ExitCode.Error;
    }

    /// <summary>Makes up for what is missing, if that is possible.</summary>
    /// <returns>Why no command can run; null when one can.</returns>
    public static string? Prepare()
    {
        HomeDirectory.Ensure();
        Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
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
    /// <param name="needed">How many are enough for the command.</param>
    public static string? ShortageOfFiles(long? limit, long needed) => limit < needed
        ? $"the process may open only {limit} files, which are too few: allow {needed} with 'ulimit -n' or LimitNOFILE="
        : null;

    private static bool IsServe(string[] args) =>
        args is [] or [CommandLine.DefaultCommand, ..] or [['-', ..] and not ("-h" or "-?" or "--help" or "--version"), ..];
}
