using System.Runtime.InteropServices;

namespace Cassini.Streams.Primitives;

/// <summary>What the system says of a file without opening it. Linux alone is asked.</summary>
/// <param name="Kind">What it is; a link is what it points to.</param>
/// <param name="Owner">The number of its user.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Inode">The number by which its file system knows it: another file under the same name has another one.</param>
internal readonly record struct FileFacts(FileKind Kind, uint Owner, ulong Size, ulong Inode)
{
    private const uint Wanted = 0x1 | 0x8 | 0x100 | 0x200; // STATX_TYPE, STATX_UID, STATX_INO, STATX_SIZE
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const int KindMask = 0xF000; // S_IFMT

    /// <summary>
    /// The facts; null when there is no such file, when this may not be known, and where the system does not say. Any thread.
    /// </summary>
    /// <param name="path">The path.</param>
    public static FileFacts? Of(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            return StatX(CurrentDirectory, path, 0, Wanted, out var found) == 0
                ? new FileFacts((FileKind)(found.Mode & KindMask), found.Owner, found.Size, found.Inode)
                : null;
        }
        catch (Exception failure) when (failure is EntryPointNotFoundException or ArgumentException)
        {
            // An old library, or a path that is no text of the system.
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "statx", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int StatX(int directory, string path, int flags, uint mask, out Found found);

    /// <summary>The struct statx, whose layout is the same on all machines.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Found
    {
        [FieldOffset(20)]
        public uint Owner;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;
    }
}
