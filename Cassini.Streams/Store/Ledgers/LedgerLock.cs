using System.Globalization;
using Cassini.Streams.Primitives;

namespace Cassini.Streams.Store.Ledgers;

/// <summary>
/// Keeps a second ledger out of a directory, in this process too. The kernel lets go of it when the process ends, however it ends.
/// </summary>
internal sealed class LedgerLock : IDisposable
{
    private const string LockName = "lock";

    /// <summary>The file that names the owner of the lock: the locked file itself cannot be read.</summary>
    private const string OwnerName = "owner";

    private readonly FileStream _locked;
    private readonly string? _owner;

    private LedgerLock(FileStream locked, string? owner = null)
    {
        _locked = locked;
        _owner = owner;
    }

    /// <summary>Takes it, at once or not at all.</summary>
    /// <param name="directory">The directory, which exists.</param>
    /// <param name="now">The time, for whoever comes second.</param>
    /// <exception cref="LedgerInUseException">It is taken; the message names by whom.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static LedgerLock Take(string directory, DateTimeOffset now)
    {
        var path = Path.Combine(directory, LockName);
        FileStream locked;
        try
        {
            locked = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException taken) when (LockedFile.IsTaken(taken))
        {
            throw new LedgerInUseException(
                IsOnlyRead(path)
                    ? $"{directory} is being read by 'cassini store'. Try again when that has ended."
                    : $"{directory} is in use by {OwnerOf(directory)}. Two programs cannot share it: give each one of its own "
                        + "(Store:Directory).",
                taken);
        }

        return new LedgerLock(locked, WriteOwner(directory, now));
    }

    /// <summary>Takes that of a directory which is being made. Nobody is named in it.</summary>
    /// <param name="directory">The directory, which exists.</param>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public static LedgerLock Create(string directory) =>
        new(new FileStream(Path.Combine(directory, LockName), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));

    /// <summary>Keeps everyone from opening it who would change it, while others read it too. Nothing in the directory changes.</summary>
    /// <param name="directory">The directory, which exists.</param>
    /// <param name="owner">Who has it open; null when nobody has.</param>
    /// <returns>To be disposed; null when someone has it open, and when nothing ever opened it.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static LedgerLock? TakeToRead(string directory, out string? owner)
    {
        owner = null;
        try
        {
            return new LedgerLock(OpenToRead(Path.Combine(directory, LockName)));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (IOException taken) when (LockedFile.IsTaken(taken))
        {
            owner = OwnerOf(directory);
            return null;
        }
    }

    /// <summary>Whether its directory is still where it was, and nobody else has begun one there.</summary>
    /// <param name="directory">The directory.</param>
    public bool IsInPlace(string directory) =>
        File.Exists(Path.Combine(directory, LockName))
        && (_owner is null || !File.Exists(Path.Combine(directory, OwnerName)) || OwnerOf(directory) == _owner);

    public void Dispose() => _locked.Dispose();

    private static FileStream OpenToRead(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);

    private static bool IsOnlyRead(string path)
    {
        try
        {
            OpenToRead(path).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <returns>What it has written; null when it could not.</returns>
    private static string? WriteOwner(string directory, DateTimeOffset now)
    {
        try
        {
            var owner = string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId}, since {now:u}");
            File.WriteAllText(Path.Combine(directory, OwnerName), owner);
            return owner;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // On a full disk the lock still holds; only its owner goes unnamed.
            return null;
        }
    }

    private static string OwnerOf(string directory)
    {
        try
        {
            return File.ReadAllText(Path.Combine(directory, OwnerName)) is { Length: > 0 } owner ? owner : "another process";
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
