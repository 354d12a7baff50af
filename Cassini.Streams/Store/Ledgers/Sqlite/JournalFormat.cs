using System.Buffers.Binary;

namespace Cassini.Streams.Store.Ledgers.Sqlite;

/// <summary>
/// The file of a ledger: its tables, and the marks in its header. The header is read before SQLite may touch the file, because SQLite
/// changes files of other programs as readily as ours.
/// </summary>
internal static class JournalFormat
{
    /// <summary>The format that this program writes. It grows with every change that an older program must not touch.</summary>
    public const int Version = 1;

    /// <summary>Its name in the directory of a ledger.</summary>
    public const string FileName = "journal.db";

    /// <summary>"CaJn": whose file it is, for the program "file" too.</summary>
    private const int ApplicationId = 0x43614A6E;

    // The header of a database: https://sqlite.org/fileformat2.html#the_database_header.
    private const int HeaderSize = 100;
    private const int WriteVersionAt = 18;
    private const int ReadVersionAt = 19;
    private const int VersionAt = 60;
    private const int ApplicationIdAt = 68;
    private const byte WriteAheadLog = 2;

    /// <summary>
    /// Each group with the sum of the bytes of all groups up to it, which finds the size without reading them, and a lost one. The
    /// ledger's one row has the number of the first group, which outlives the groups. A run has the last group at its start, and at its
    /// end when it was sealed.
    /// </summary>
    private static readonly string[] Tables =
    [
        "CREATE TABLE groups (number INTEGER PRIMARY KEY, total INTEGER NOT NULL, data BLOB NOT NULL) STRICT",
        "CREATE TABLE ledger (id INTEGER PRIMARY KEY CHECK (id = 1), first INTEGER NOT NULL) STRICT",
        "CREATE TABLE runs (run INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, last INTEGER NOT NULL) STRICT",
    ];

    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <summary>Creates an empty one. It appears under its name only when it is complete.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="pageSize">The bytes of a page.</param>
    public static void Create(string path, int pageSize)
    {
        var draft = path + ".new";
        File.Delete(draft);
        File.Delete(draft + "-journal");
        File.Delete(draft + "-wal");
        File.Delete(draft + "-shm");
        using (var database = Database.Open(draft, create: true))
        {
            database.Execute(
                $"PRAGMA page_size = {pageSize}; PRAGMA auto_vacuum = INCREMENTAL; "
                + $"BEGIN; PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {Version}; "
                + $"{string.Join("; ", Tables)}; INSERT INTO ledger VALUES (1, 1); COMMIT; "
                + "PRAGMA journal_mode = WAL");
        }

        File.Move(draft, path);
    }

    /// <summary>Whether the tables are described as this format describes them. A reader does not even parse all of it.</summary>
    public static bool HasTables(Database database)
    {
        using var select = database.Prepare("SELECT count(*) FROM sqlite_schema WHERE sql = ?1");
        foreach (var table in Tables)
        {
            select.Bind(1, table).Step();
            var count = select.Number(0);
            select.Reset();
            if (count != 1)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Looks whether a file is a ledger of this format. Nothing is written.</summary>
    /// <param name="path">Its full path.</param>
    /// <exception cref="LedgerDamagedException">It is not.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static void Check(string path)
    {
        Span<byte> header = stackalloc byte[HeaderSize];
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0))
        {
            var length = file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false);
            if (length == 0)
            {
                throw new LedgerDamagedException(
                    $"{path} is empty: all that it held is gone. Go back to a backup, or remove it to begin anew.")
                {
                    IsForeign = true,
                };
            }

            if (length < HeaderSize || !header.StartsWith(Magic))
            {
                throw new LedgerDamagedException($"{path} is not a SQLite database, or its beginning is damaged. It was left as it is.");
            }
        }

        var application = BinaryPrimitives.ReadInt32BigEndian(header[ApplicationIdAt..]);
        if (application != ApplicationId)
        {
            throw new LedgerDamagedException(
                $"{path} is a database of another program: its application id is {application:x8}, not {ApplicationId:x8}. "
                + "It was left as it is.")
            {
                IsForeign = true,
            };
        }

        var version = BinaryPrimitives.ReadInt32BigEndian(header[VersionAt..]);
        if (version is > Version or < 1)
        {
            throw new LedgerDamagedException(
                $"{path} has format {version}; this version of Cassini knows formats up to {Version}. It was left as it is: "
                + "use the version that wrote it.")
            {
                IsForeign = version > Version,
            };
        }

        if (header[WriteVersionAt] != WriteAheadLog || header[ReadVersionAt] != WriteAheadLog)
        {
            throw new LedgerDamagedException($"{path} has no write-ahead log: its header is damaged, or another program changed it.");
        }
    }
}
