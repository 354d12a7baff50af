using Cassini.Streams.Primitives;
using Cassini.Streams.Store.Ledgers.Sqlite;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>The directory of a ledger, looked at before anything in it is opened.</summary>
internal static class LedgerPlace
{
    private static readonly string[] Beside =
        [$"{JournalFormat.FileName}-wal", $"{JournalFormat.FileName}-shm", "lock", "owner", "reserve"];

    /// <summary>Makes it if need be.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static void Create(string directory)
    {
        try
        {
            PrivateDirectory.Create(directory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{FileProblem.OfNewDirectory(failure, directory)}. Set Store:Directory to another one.", failure);
        }
    }

    /// <summary>Looks whether its files are files, as far as they are there.</summary>
    /// <exception cref="IOException">One of them is something else.</exception>
    public static void RequireFiles(string directory)
    {
        var database = Path.Combine(directory, JournalFormat.FileName);
        if (RegularFile.Problem(database) is { } problem)
        {
            throw new IOException($"{database} {problem}. Put the journal's file there, or set Store:Directory to another directory.");
        }

        foreach (var path in Beside.Select(name => Path.Combine(directory, name)))
        {
            if (RegularFile.Problem(path) is { } wrong)
            {
                throw new IOException($"{path} {wrong}. Remove it: it is made anew.");
            }
        }
    }

    /// <summary>Why a directory cannot be used, in a sentence with a way out.</summary>
    /// <param name="directory">The full path.</param>
    /// <param name="failure">What using it threw.</param>
    public static IOException ProblemOf(string directory, Exception failure) => failure switch
    {
        UnauthorizedAccessException => new IOException(
            $"{directory}: no permission to use it or a file in it ({failure.Message.TrimEnd('.')}). It belongs to {OwnerOf(directory)}: "
            + "run this as that user, or set Store:Directory to a directory of your own.",
            failure),
        FileNotFoundException or DirectoryNotFoundException => new IOException(
            $"{directory}: no file can be made in it. Set Store:Directory to a directory on a disk.", failure),
        _ => new IOException(failure.Message, failure),
    };

    private static string OwnerOf(string directory) =>
        FileFacts.Of(directory) is { Owner: var number } ? NameOf(number) ?? $"user {number}" : "another user";

    /// <summary>As the list of users has it; null when it does not.</summary>
    private static string? NameOf(uint number)
    {
        try
        {
            return File.ReadLines("/etc/passwd").Select(line => line.Split(':'))
                .FirstOrDefault(user => user.Length > 2 && uint.TryParse(user[2], out var id) && id == number) is [var name, ..]
                ? $"user {SafeText.Of(name)}"
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
