import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Paths;

import org.javarosa.core.model.Constants;
import org.javarosa.core.model.CoreModelModule;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.instance.TreeElement;
import org.javarosa.core.reference.PrefixedRootFactory;
import org.javarosa.core.reference.Reference;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.core.services.PrototypeManager;
import org.javarosa.core.util.JavaRosaCoreModule;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.util.XFormUtils;

/**
 * What JavaRosa sees in forms: one line a node, "file TAB kind TAB path TAB data type TAB flags", kind being leaf, group
 * or repeat. Attached files are stood in for by empty ones.
 */
public final class FormTree {
    private FormTree() {
    }

    public static void main(String[] files) throws Exception {
        PrototypeManager.registerPrototypes(JavaRosaCoreModule.classNames);
        PrototypeManager.registerPrototypes(CoreModelModule.classNames);
        new XFormsModule().registerModule();
        ReferenceManager.instance().addReferenceFactory(new Attached());
        for (String file : files) {
            FormDef form = XFormUtils.getFormFromInputStream(
                new ByteArrayInputStream(Files.readAllBytes(Paths.get(file))), "jr://file/last-saved.xml");
            TreeElement root = form.getMainInstance().getRoot();
            print(new File(file).getName(), "root", "/" + root.getName(), "", form.getTitle());
            walk(new File(file).getName(), root, "/" + root.getName());
        }
    }

    private static void walk(String file, TreeElement around, String path) {
        for (int i = 0; i < around.getNumChildren(); i++) {
            TreeElement node = around.getChildAt(i);
            if (node.getMult() > 0) {
                continue; // the first instance, or the template, stands for a repeat
            }
            String here = path + "/" + node.getName();
            boolean template = node.getMult() == org.javarosa.core.model.instance.TreeReference.INDEX_TEMPLATE;
            if (!template && around.getChild(node.getName(), org.javarosa.core.model.instance.TreeReference.INDEX_TEMPLATE) != null) {
                continue;
            }
            if (node.isRepeatable()) {
                print(file, "repeat", here, "", "");
            } else if (node.getNumChildren() > 0) {
                print(file, "group", here, "", "");
            } else {
                print(file, "leaf", here, String.valueOf(node.getDataType()), node.isRequired() ? "required" : "");
            }
            walk(file, node, here);
        }
    }

    private static void print(String... cells) {
        byte[] line = (String.join("\t", cells).replace("\n", " ") + "\n").getBytes(StandardCharsets.UTF_8);
        System.out.write(line, 0, line.length);
        System.out.flush();
    }

    private static final class Attached extends PrefixedRootFactory {
        Attached() {
            super(new String[] {"images/", "image/", "audio/", "video/", "file-csv/", "file/"});
        }

        @Override
        protected Reference factory(String terminal, String uri) {
            String text = terminal.endsWith(".csv") ? "name,label\n" : "<root/>";
            return new Empty(terminal.endsWith("geojson") ? "{\"type\":\"FeatureCollection\",\"features\":[]}" : text, terminal, uri);
        }
    }

    private static final class Empty implements Reference {
        private final String text;
        private final String name;
        private final String uri;

        Empty(String text, String name, String uri) {
            this.text = text;
            this.name = name;
            this.uri = uri;
        }

        @Override
        public boolean doesBinaryExist() {
            return true;
        }

        @Override
        public InputStream getStream() {
            return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String getURI() {
            return uri;
        }

        @Override
        public String getLocalURI() {
            try {
                File file = File.createTempFile("attached", name.replaceAll(".*\\.", "."));
                file.deleteOnExit();
                Files.write(file.toPath(), text.getBytes(StandardCharsets.UTF_8));
                return file.getAbsolutePath();
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        @Override
        public boolean isReadOnly() {
            return true;
        }

        @Override
        public OutputStream getOutputStream() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void remove() {
        }

        @Override
        public Reference[] probeAlternativeReferences() {
            return new Reference[0];
        }
    }
}
