namespace Cassini.Streams.Primitives;

/// <summary>What something in a directory is: the values of st_mode.</summary>
internal enum FileKind
{
    Unknown = 0,
    Pipe = 0x1000,
    CharacterDevice = 0x2000,
    Directory = 0x4000,
    BlockDevice = 0x6000,
    Regular = 0x8000,
    Socket = 0xC000,
}
