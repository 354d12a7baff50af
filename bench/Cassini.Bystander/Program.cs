using Cassini.Bystander;
using Cassini.Bystander.Attacks;
using Cassini.Bystander.Watch;
using Cassini.Load;

try
{
    switch (args.FirstOrDefault())
    {
        case "names":
            Console.WriteLine(string.Join(' ', AllAttacks.Names));
            return 0;
        case "heading":
            Console.WriteLine(Row.Heading);
            return 0;
        case "watch":
            WatchCommand.Run(BystanderOptions.Parse(args[1..]));
            return 0;
        case "attack":
            await AttackCommand.RunAsync(BystanderOptions.Parse(args[1..]));
            return 0;
        default:
            throw new FormatException("a command is wanted");
    }
}
catch (FormatException e)
{
    Console.Error.WriteLine($"{e.Message}\n{BystanderOptions.Usage}");
    return 64;
}
catch (Exception e) when (e is LoadException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}
