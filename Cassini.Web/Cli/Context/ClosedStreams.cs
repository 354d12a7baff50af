namespace Cassini.Web.Cli.Context;

/// <summary>Standard streams that were closed when the process was started.</summary>
internal static class ClosedStreams
{
    /// <summary>
    /// Keeps everything that writes through <see cref="Console"/>, such as the log, from a descriptor that is the runtime's.
    /// </summary>
    public static void Avoid()
    {
        if (!Descriptor.IsInherited(StandardStream.Output))
        {
            Console.SetOut(TextWriter.Null);
        }

        if (!Descriptor.IsInherited(StandardStream.Error))
        {
            Console.SetError(TextWriter.Null);
        }
    }
}
