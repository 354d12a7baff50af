using System.Globalization;

namespace Cassini.Load;

/// <summary>What /proc reports about a process.</summary>
internal static class ProcessUsage
{
    private const double TicksPerSecond = 100; // USER_HZ, fixed by the kernel's interface

    /// <summary>User and system time of all its threads, in seconds.</summary>
    public static double Cpu(int pid)
    {
        // The name, in parentheses, may hold anything; what is counted begins behind its last parenthesis (proc(5)).
        var text = Read($"/proc/{pid}/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        var (user, system) = (long.Parse(fields[11], CultureInfo.InvariantCulture), long.Parse(fields[12], CultureInfo.InvariantCulture));
        return (user + system) / TicksPerSecond;
    }

    public static double ResidentKiB(int pid) => Status(pid, "VmRSS:");

    /// <summary>The most that it ever had.</summary>
    public static double PeakResidentKiB(int pid) => Status(pid, "VmHWM:");

    private static double Status(int pid, string name)
    {
        var line = Read($"/proc/{pid}/status").Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            throw new LoadException("the broker's process is gone");
        }
    }
}
