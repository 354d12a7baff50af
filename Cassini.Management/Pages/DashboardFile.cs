using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Cassini.Management.Pages;

/// <summary>A file of the dashboard.</summary>
/// <param name="ContentType">Its media type.</param>
/// <param name="Body">Its bytes.</param>
/// <param name="ETag">A strong validator: changes with the bytes.</param>
internal sealed record DashboardFile(string ContentType, ReadOnlyMemory<byte> Body, string ETag)
{
    private const string Folder = "dashboard/";

    /// <summary>Read on the first request, so that an unused dashboard costs nothing.</summary>
    private static readonly Lazy<FrozenDictionary<string, DashboardFile>> Files = new(Read);

    /// <summary>All of them, by name.</summary>
    public static FrozenDictionary<string, DashboardFile> All => Files.Value;

    private static FrozenDictionary<string, DashboardFile> Read()
    {
        var assembly = typeof(DashboardFile).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal))
            .ToFrozenDictionary(
                name => name[Folder.Length..],
                name => Of(name, assembly.GetManifestResourceStream(name)!),
                StringComparer.Ordinal);
    }

    private static DashboardFile Of(string name, Stream resource)
    {
        using (resource)
        {
            var body = new byte[resource.Length];
            resource.ReadExactly(body);
            return new DashboardFile(TypeOf(name), body, $"\"{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 12))}\"");
        }
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => throw new InvalidOperationException($"the dashboard's file {name} has no media type"),
    };
}
