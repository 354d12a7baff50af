using System.Diagnostics;
using Cassini.Tests.Support;

namespace Cassini.Tests.Store.Ledgers;

/// <summary>A file system of a few MiB, in memory. Only root can have one: other tests are skipped.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TempDirectory _directory = new();

    public SmallDisk(int mebibytes)
    {
        if (!Run("mount", "-t", "tmpfs", "-o", $"size={mebibytes}m", "tmpfs", _directory.Path))
        {
            _directory.Dispose();
            Assert.Skip("This test needs a small file system, and this user may not mount one here.");
        }
    }

    public string Store => _directory.File("store");

    /// <summary>Takes all room that is left, or so many bytes more of it.</summary>
    public void Fill(long bytes = long.MaxValue)
    {
        using var filler = File.OpenHandle(_directory.File("filler"), FileMode.OpenOrCreate, FileAccess.Write);
        var piece = new byte[4096];
        for (var taken = 0L; taken < bytes; taken += piece.Length)
        {
            try
            {
                RandomAccess.Write(filler, piece, RandomAccess.GetLength(filler));
            }
            catch (IOException)
            {
                return;
            }
        }
    }

    /// <summary>Gives it back.</summary>
    public void Free() => File.Delete(_directory.File("filler"));

    public void MakeReadOnly() => Run("mount", "-o", "remount,ro", _directory.Path).ShouldBeTrue();

    public void Dispose()
    {
        Run("umount", _directory.Path);
        _directory.Dispose();
    }

    private static bool Run(string program, params string[] args)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
