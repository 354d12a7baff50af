using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using Cassini.Management.Http;
using Cassini.Streams.Tls;

namespace Cassini.Tests.Settings;

/// <summary>The variables of the environment belong to the program: an application that embeds the libraries does not read them.</summary>
public partial class VariableNamesTests
{
    [Fact]
    public void Streams_Texts_NameNoVariable() => Named(typeof(TlsOptions).Assembly).ShouldBeEmpty();

    /// <summary>The one that remains is the hint of POST /drain, which is another one when the endpoints are an application's.</summary>
    [Fact]
    public void Management_Texts_NameNoVariable() => Named(typeof(ManagementOptions).Assembly).ShouldBe(["CASSINI_SHUTDOWN_TOKEN"]);

    [Fact]
    public void Rules_PathThatIsBlank_SayWhatIsMissing()
    {
        TlsSettings.Section.Validate(new TlsOptions { CaPath = " ", ServerChainPath = " ", ServerKeyPath = " " })
            .Select(error => error.ToString())
            .ShouldBe([
                "Tls:CaPath: an empty path is not allowed; name a PEM file",
                "Tls:ServerChainPath: an empty path is not allowed; name a PEM file",
                "Tls:ServerKeyPath: an empty path is not allowed; name a PEM file"]);
        ManagementSettings.Section.Validate(new ManagementOptions { TokenPath = " " }).Select(error => error.ToString())
            .ShouldBe(["Management:TokenPath: an empty path is not allowed; name a file"]);
    }

    private static List<string> Named(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var metadata = file.GetMetadataReader();
        var named = new List<string>();
        var handle = metadata.GetNextHandle(default(UserStringHandle));
        while (!handle.IsNil)
        {
            var text = metadata.GetUserString(handle);
            if (Variable().IsMatch(text))
            {
                named.Add(text);
            }

            handle = metadata.GetNextHandle(handle);
        }

        return named;
    }

    [GeneratedRegex("(CASSINI|TLS)_[A-Z]")]
    private static partial Regex Variable();
}
